"""An experiment on the slot `next_action` as a table for `selvedge evaluate uplift`: one row a client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine

from algorithms.uplift.serving import SLOT_COLUMNS, build_columns
from domain.next_actions import build_question
from errors import BadInput
from models.base import ClientId
from models.slots import Occurrence
from services.csv_lines import format_line
from store.clients.order_histories import load_orders_by_client
from store.database import read_transaction
from store.learning import action_outcomes
from store.learning.action_outcomes import ActionRecord

COLUMNS: Final = ("client_id", "treatment", "conversion", "spend", "propensity", *SLOT_COLUMNS)
"""`conversion`: 1 if the client ordered in the days after; `spend`: for how much; the rest was known before."""


@dataclass(frozen=True)
class ActionExperiment:
    """`rows` as COLUMNS. `open`: clients left out because the days after their answers are not over yet;
    `not_randomised`: answers left out because nothing says that chance chose them."""

    rows: list[tuple[Any, ...]]
    open: int
    not_randomised: int

    @property
    def treated(self) -> dict[str, int]:
        """Clients by treatment."""
        return dict(Counter(row[1] for row in self.rows))

    @property
    def propensities(self) -> dict[str, list[float]]:
        """The propensities of each treatment; more than one where shares changed on the way."""
        pairs = {(row[1], row[4]) for row in self.rows if row[4] is not None}
        return {name: sorted(value for other, value in pairs if other == name) for name in sorted(self.treated)}


def load_experiment(
    connection: Connection, since: datetime, now: datetime, within: timedelta, *, split: bool
) -> ActionExperiment:
    """Load clients whose answers from `since` to `now` were randomised, with what they ordered `within` that time
    after.

    Randomised are answers with a stated propensity, or with `split` those of the last split in force, whose treatment
    is then the variant. Of each client one answer counts, drawn by its id, so that clients count alike and are
    independent. Raises BadInput where there are none.
    """
    answers = list(action_outcomes.iterate_actions(connection, since, now))
    randomised = _select_split(answers) if split else [answer for answer in answers if answer.propensity is not None]
    closed = _choose_one_per_client(answer for answer in randomised if answer.at + within <= now)
    if not closed:
        raise BadInput(_explain_none(answers, randomised, within), "since")
    orders = load_orders_by_client(connection, {answer.client_id for answer in closed}, now)
    rows = [_build_row(answer, orders.get(answer.client_id, []), within) for answer in closed]
    waiting = {answer.client_id for answer in randomised} - {answer.client_id for answer in closed}
    return ActionExperiment(rows, len(waiting), len(answers) - len(randomised))


def write_outcomes(engine: Engine, now: datetime, since: timedelta, within: timedelta) -> Iterator[str]:
    """Write the randomised experiment up to `now` as lines of CSV. Raises BadInput where there is none."""
    with read_transaction(engine) as connection:
        rows = load_experiment(connection, now - since, now, within, split=False).rows
    return map(format_line, (COLUMNS, *rows))


def _select_split(answers: Sequence[ActionRecord]) -> list[ActionRecord]:
    last = answers[-1].experiment if answers else None
    if last is None:
        return []
    return [replace(answer, action=answer.variant) for answer in answers if answer.experiment == last]


def _choose_one_per_client(answers: Iterable[ActionRecord]) -> list[ActionRecord]:
    """Choose each client's answer with the lowest id; ids are digests, so this is a random draw."""
    chosen: dict[ClientId, ActionRecord] = {}
    for answer in sorted(answers, key=lambda one: one.id):
        chosen.setdefault(answer.client_id, answer)
    return sorted(chosen.values(), key=lambda one: (one.at, one.client_id))


def _build_row(answer: ActionRecord, orders: Sequence[Occurrence], within: timedelta) -> tuple[Any, ...]:
    before = [order for order in orders if order.at <= answer.at]
    after = [order.value_cents for order in orders if answer.at < order.at <= answer.at + within]
    known = build_columns(
        build_question(answer.client_id, answer.at, answer.score, (answer.risk or {}).get("p_alive"), before)
    )
    outcome = (int(bool(after)), sum(after) / 100)
    return (
        answer.client_id,
        answer.action,
        *outcome,
        answer.propensity,
        *(round(known[name], 6) for name in SLOT_COLUMNS),
    )


def _explain_none(answers: Sequence[ActionRecord], randomised: Sequence[ActionRecord], within: timedelta) -> str:
    if not answers:
        return "no algorithm was asked for a next action since then"
    if not randomised:
        return f"none of {len(answers):,} answers was randomised: promote explore, or see a split's variants by --split"
    return f"the {within.days} days after are over for none of {len(randomised):,} answers"
