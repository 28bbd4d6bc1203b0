"""What came of answers: what a client did within a while after seeing one counts for the last one they saw."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.comparison.likeness import first, listed
from domain.comparison.records import Deed, Live
from domain.statistics import lift
from domain.statistics.lift import Lift
from domain.statistics.off_policy import FEWEST_REWARDS, FEWEST_ROWS

FEWEST: Final = int(FEWEST_ROWS)
"""Clients, orders or pieces of each variant from which on a lift is told: below, its interval is a guess."""
FEWEST_CLIENTS: Final = int(FEWEST_REWARDS)
"""Clients of each variant whose they must be: a hundred pieces of two clients tell of two clients."""


@dataclass
class Outcome:
    """Of one answer that was seen. `orders` by id with their cents; `judged`: pieces that it named and that were bought
    or sent in a Fix, `kept` of them; `touched`: which it named and the client clicked, put by or bought."""

    live: Live
    shown_at: datetime
    orders: dict[str, int] = field(default_factory=dict)
    judged: int = 0
    kept: int = 0
    touched: set[str] = field(default_factory=set)

    @property
    def first_touched(self) -> bool:
        """Whether that is true of what stood first."""
        return not self.touched.isdisjoint(first(self.live.answer))


class Earned(NamedTuple):
    """Of one variant. `order_rate`: clients who ordered of those who saw an answer. None: nothing to divide by.
    `pieces`: bought or sent, of which `keep_rate` were kept. `open`: answers left out, for the while after them is not
    over yet."""

    seen: int
    clients: int
    open: int
    order_rate: float | None
    orders: int
    average_order_cents: float | None
    pieces: int
    keep_rate: float | None


class Count(NamedTuple):
    """What a figure of one variant rests on: `n` of the unit it is divided by, and whose they are."""

    n: int
    clients: int


@dataclass(frozen=True)
class Compared:
    """A figure of a variant over another's. `lift`: None where there is nothing to divide by."""

    lift: Lift | None
    treated: Count
    control: Count

    @property
    def enough(self) -> bool:
        """Whether there is enough to go by."""
        counts = (self.treated, self.control)
        return self.lift is not None and all(n >= FEWEST and clients >= FEWEST_CLIENTS for n, clients in counts)

    @property
    def told(self) -> dict[str, Any]:
        """As JSON takes it."""
        lift = asdict(self.lift) if self.lift else {"treated": None, "control": None}
        return lift | {"n": self.treated.n, "control_n": self.control.n, "enough": self.enough}


class Against(NamedTuple):
    """What a variant earned over another."""

    order_rate: Compared
    average_order_cents: Compared
    keep_rate: Compared


def outcomes(lives: Iterable[Live], deeds: Iterable[Deed], within: timedelta) -> list[Outcome]:
    """One for each answer that was seen; of two for one mail, as after a new plan, the later one was."""
    last = {(live.client_id, live.shown_at): live for live in lives}
    seen = [Outcome(live, live.shown_at) for live in last.values() if live.shown_at is not None]
    seen.sort(key=lambda each: (each.live.client_id, each.shown_at))
    found = {client: list(those) for client, those in groupby(seen, lambda each: each.live.client_id)}
    for deed in sorted(deeds, key=lambda each: each.at):
        its = found.get(deed.client_id, [])
        place = bisect_right(its, deed.at, key=lambda each: each.shown_at)
        if place and deed.at - its[place - 1].shown_at <= within:
            _count(its[place - 1], deed)
    return [each for its in found.values() for each in its]


def closed(found: Iterable[Outcome], within: timedelta, until: datetime) -> list[Outcome]:
    """Those whose while was over by `until`. The others might still order: they are neither a yes nor a no."""
    return [each for each in found if each.shown_at + within <= until]


def _count(outcome: Outcome, deed: Deed) -> None:
    if deed.kind == "ordered":
        key = deed.order_id or deed.at.isoformat()
        outcome.orders[key] = outcome.orders.get(key, 0) + deed.value_cents
    named = deed.item_id in (listed(outcome.live.answer) or ())
    if named and deed.item_id and deed.kind in {"ordered", "touched"}:
        outcome.touched.add(deed.item_id)
    if named and deed.kind != "touched":
        outcome.judged += deed.kind != "returned"
        outcome.kept += {"ordered": 1, "kept": 1, "sent_back": 0, "returned": -1 if outcome.kept else 0}[deed.kind]


def earned(found: Sequence[Outcome], still_open: int = 0) -> Earned:
    """Of one variant's answers; `still_open`: so many more were left out."""
    table = _by_client(found)
    orders, cents, judged, kept = table.sum(axis=0).tolist()
    return Earned(
        seen=len(found),
        clients=len(table),
        open=still_open,
        order_rate=float((table[:, 0] > 0).mean()) if len(table) else None,
        orders=int(orders),
        average_order_cents=cents / orders if orders else None,
        pieces=int(judged),
        keep_rate=kept / judged if judged else None,
    )


def against(treated: Sequence[Outcome], control: Sequence[Outcome]) -> Against:
    """A variant over another, clients being what was drawn."""
    one, other = _by_client(treated), _by_client(control)
    return Against(_shares(one, other), _ratios(one, other, 1, 0), _ratios(one, other, 3, 2))


def _shares(one: Floats, other: Floats) -> Compared:
    counts = [Count(len(table), len(table)) for table in (one, other)]
    if min(len(one), len(other)) < 2:
        return Compared(None, *counts)
    yes, no = (int((table[:, 0] > 0).sum()) for table in (one, other))
    return Compared(lift.of_shares(yes, len(one), no, len(other)), *counts)


def _ratios(one: Floats, other: Floats, top: int, bottom: int) -> Compared:
    counts = [Count(int(table[:, bottom].sum()), int((table[:, bottom] > 0).sum())) for table in (one, other)]
    if min(len(one), len(other)) < 2 or not all(count.n for count in counts):
        return Compared(None, *counts)
    return Compared(lift.of_ratios(one[:, top], one[:, bottom], other[:, top], other[:, bottom]), *counts)


def _by_client(found: Sequence[Outcome]) -> Floats:
    """A row a client: orders, their cents, pieces judged and kept."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in found:
        row = sums[each.live.client_id]
        for place, more in enumerate((len(each.orders), sum(each.orders.values()), each.judged, each.kept)):
            row[place] += more
    return np.array(list(sums.values()), np.float64).reshape(-1, 4)
