"""An experiment on the slot `next_action` as a table that `selvedge evaluate uplift` takes: one row a client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from algorithms.uplift.serving import SLOT_COLUMNS, columns_of
from domain.next_actions import question
from errors import BadInput
from models.base import ClientId
from models.slots import Occurrence
from store.learning import action_outcomes
from store.learning.action_outcomes import Drawn

COLUMNS: Final = ("client_id", "treatment", "conversion", "spend", "propensity", *SLOT_COLUMNS)
"""`conversion`: 1 if the client ordered in the days after; `spend`: for how much; the rest was known before."""


@dataclass(frozen=True)
class Experiment:
    """`rows` as COLUMNS. `open`: clients left out, for the days after their answers are not over yet; `not_by_lot`:
    answers left out, for nothing says that chance chose them."""

    rows: list[tuple[Any, ...]]
    open: int
    not_by_lot: int

    @property
    def treated(self) -> dict[str, int]:
        """Clients by treatment."""
        return dict(Counter(row[1] for row in self.rows))

    @property
    def propensities(self) -> dict[str, list[float]]:
        """How likely each treatment was; more than one where shares changed on the way."""
        seen = {(row[1], row[4]) for row in self.rows if row[4] is not None}
        return {name: sorted(value for other, value in seen if other == name) for name in sorted(self.treated)}


def experiment(connection: Connection, since: datetime, now: datetime, within: timedelta, *, split: bool) -> Experiment:
    """Clients whose answers from `since` to `now` were drawn by lot, with what they ordered `within` that time after.

    By lot are answers with a stated propensity, or with `split` those of the split in force last, whose treatment is
    then the variant. Of each client one occasion, drawn by its id, so that clients count alike and are independent.
    Raises BadInput where there are none.
    """
    drawn = list(action_outcomes.drawn(connection, since, now))
    by_lot = _of_split(drawn) if split else [each for each in drawn if each.propensity is not None]
    over = _one_each(each for each in by_lot if each.at + within <= now)
    if not over:
        raise BadInput(_none(drawn, by_lot, within), "since")
    orders = action_outcomes.orders(connection, {each.client_id for each in over}, now)
    rows = [_row(each, orders.get(each.client_id, []), within) for each in over]
    waiting = {each.client_id for each in by_lot} - {each.client_id for each in over}
    return Experiment(rows, len(waiting), len(drawn) - len(by_lot))


def _of_split(drawn: Sequence[Drawn]) -> list[Drawn]:
    last = drawn[-1].experiment if drawn else ""
    return [replace(each, action=each.variant) for each in drawn if last and each.experiment == last]


def _one_each(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Of each client the answer with the lowest id, which is a digest."""
    chosen: dict[ClientId, Drawn] = {}
    for each in sorted(drawn, key=lambda one: one.id):
        chosen.setdefault(each.client_id, each)
    return sorted(chosen.values(), key=lambda one: (one.at, one.client_id))


def _row(of: Drawn, orders: Sequence[Occurrence], within: timedelta) -> tuple[Any, ...]:
    before = [order for order in orders if order.at <= of.at]
    after = [order.value_cents for order in orders if of.at < order.at <= of.at + within]
    known = columns_of(question(of.client_id, of.at, of.score, (of.risk or {}).get("p_alive"), before))
    outcome = (int(bool(after)), sum(after) / 100)
    return (of.client_id, of.action, *outcome, of.propensity, *(round(known[name], 6) for name in SLOT_COLUMNS))


def _none(drawn: Sequence[Drawn], by_lot: Sequence[Drawn], within: timedelta) -> str:
    if not drawn:
        return "no algorithm was asked for a next action since then"
    if not by_lot:
        return f"none of {len(drawn):,} answers was drawn by lot: promote explore, or see a split's variants by --split"
    return f"the {within.days} days after are over for none of {len(by_lot):,} answers"
