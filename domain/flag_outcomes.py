"""What clients did after they were shown an arm, and before: one row a client, from the stream of their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.statistics import cuped

SESSION_GAP: Final = timedelta(minutes=30)
"""A session ends where nothing is done for so long."""
BEFORE: Final = timedelta(days=90)
"""What a client did in this time before they were shown an arm foretells what they do after."""


class ShownArm(NamedTuple):
    """A client and the arm that they were shown first at `at`."""

    client_id: str
    arm: str
    at: datetime


class ShopEvent(NamedTuple):
    """Something that a client did, or `page`: items that they were answered."""

    client_id: str
    type: str
    at: datetime
    value_cents: int


@dataclass(slots=True)
class ClientOutcome:
    """What one client did within the window."""

    pages: int = 0
    clicks: int = 0
    orders: int = 0
    revenue: float = 0.0
    sessions: int = 0
    minutes: float = 0.0
    mail_clicks: int = 0
    clicks_before: int = 0
    events_before: int = 0
    revenue_before: float = 0.0
    last: datetime | None = None


COLUMNS: Final = (
    *("pages", "clicks", "orders", "revenue", "sessions", "minutes", "mail_clicks"),
    *("clicks_before", "events_before", "revenue_before"),
)
OUTCOME: Final = {name: index for index, name in enumerate(COLUMNS)}
"""The column of each outcome in a table of them."""


def measure_clients(
    shown: Iterable[ShownArm], events: Iterable[ShopEvent], within: timedelta
) -> dict[str, ClientOutcome]:
    """Measure what each client did `within` a window of being shown an arm. `events`: by moment within each client."""
    begun = {one.client_id: one.at for one in shown}
    outcomes = {client_id: ClientOutcome() for client_id in begun}
    for event in events:
        at = begun.get(event.client_id)
        if at is None or not at - BEFORE <= event.at <= at + within:
            continue
        outcome = outcomes[event.client_id]
        if event.at < at:
            _count_before(outcome, event)
        else:
            _count(outcome, event)
    return outcomes


def _count_before(outcome: ClientOutcome, event: ShopEvent) -> None:
    outcome.events_before += event.type not in ("page", "email_clicked")
    outcome.clicks_before += event.type == "item_clicked"
    outcome.revenue_before += event.value_cents / 100 if event.type == "order_placed" else 0.0


def _count(outcome: ClientOutcome, event: ShopEvent) -> None:
    if event.type == "page":
        outcome.pages += 1
        return
    if event.type == "email_clicked":  # what follows it on the shop's pages is the session
        outcome.mail_clicks += 1
        return
    outcome.clicks += event.type == "item_clicked"
    if event.type == "order_placed":
        outcome.orders += 1
        outcome.revenue += event.value_cents / 100
    if outcome.last is None or event.at - outcome.last > SESSION_GAP:
        outcome.sessions += 1
    else:
        outcome.minutes += (event.at - outcome.last).total_seconds() / 60
    outcome.last = event.at


def build_table(outcomes: Iterable[ClientOutcome]) -> Floats:
    """Build the table of outcomes, shape (clients, columns)."""
    rows = [[getattr(outcome, name) for name in COLUMNS] for outcome in outcomes]
    return np.array(rows, np.float64).reshape(-1, len(COLUMNS))


def linearise(table: Floats, top: str, bottom: str) -> Floats | None:
    """Return for each client what their part in a ratio of sums is, so that the mean is the ratio (delta method;
    Deng, Knoblich, Lu 2018, KDD). None where there is nothing to divide by."""
    over, under = table[:, OUTCOME[top]], table[:, OUTCOME[bottom]]
    if not len(table) or under.mean() <= 0:
        return None
    ratio = over.mean() / under.mean()
    return np.asarray(ratio + (over - ratio * under) / under.mean())


def adjust(treated: Floats, control: Floats, before: tuple[Floats, Floats]) -> tuple[Floats, Floats, float]:
    """Take from the outcomes of both arms what was known of each client before; return them and the share of variance
    that is gone. `before`: the tables of both arms."""
    known = np.concatenate([table[:, OUTCOME["clicks_before"] :] for table in before])
    whole = np.concatenate([treated, control])
    if len(whole) < known.shape[1] + 2:
        return treated, control, 0.0
    adjusted = cuped.adjust(whole, known)
    return adjusted.outcome[: len(treated)], adjusted.outcome[len(treated) :], max(0.0, adjusted.removed)
