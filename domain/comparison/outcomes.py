"""What came of answers: what a client did within a while after seeing one counts for the last one they saw."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np

from domain.arrays import Floats
from domain.comparison.likeness import listed
from domain.comparison.records import Deed, Live
from domain.statistics import lift
from domain.statistics.lift import Lift


@dataclass
class Outcome:
    """Of one answer that was seen. `orders` by id with their cents; `judged`: pieces that it named and that were bought
    or sent in a Fix, `kept` of them."""

    live: Live
    shown_at: datetime
    orders: dict[str, int] = field(default_factory=dict)
    judged: int = 0
    kept: int = 0


class Earned(NamedTuple):
    """Of one variant. `order_rate`: clients who ordered of those who saw an answer. None: nothing to divide by."""

    seen: int
    clients: int
    order_rate: float | None
    average_order_cents: float | None
    keep_rate: float | None


class Against(NamedTuple):
    """What a variant earned over another; each None where there is too little to tell."""

    order_rate: Lift | None
    average_order_cents: Lift | None
    keep_rate: Lift | None


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


def _count(outcome: Outcome, deed: Deed) -> None:
    if deed.kind == "ordered":
        key = deed.order_id or deed.at.isoformat()
        outcome.orders[key] = outcome.orders.get(key, 0) + deed.value_cents
    if deed.item_id in (listed(outcome.live.answer) or ()):
        outcome.judged += deed.kind != "returned"
        outcome.kept += {"ordered": 1, "kept": 1, "sent_back": 0, "returned": -1 if outcome.kept else 0}[deed.kind]


def earned(found: Sequence[Outcome]) -> Earned:
    """Of one variant's answers."""
    table = _by_client(found)
    orders, cents, judged, kept = table.sum(axis=0)
    return Earned(
        seen=len(found),
        clients=len(table),
        order_rate=float((table[:, 0] > 0).mean()) if len(table) else None,
        average_order_cents=cents / orders if orders else None,
        keep_rate=kept / judged if judged else None,
    )


def against(treated: Sequence[Outcome], control: Sequence[Outcome]) -> Against:
    """A variant over another, clients being what was drawn."""
    one, other = _by_client(treated), _by_client(control)
    if min(len(one), len(other)) < 2:
        return Against(None, None, None)
    ordered = (int((table[:, 0] > 0).sum()) for table in (one, other))
    yes, no = ordered
    return Against(
        lift.of_shares(yes, len(one), no, len(other)),
        _ratio(one[:, 1], one[:, 0], other[:, 1], other[:, 0]),
        _ratio(one[:, 3], one[:, 2], other[:, 3], other[:, 2]),
    )


def _ratio(top: Floats, bottom: Floats, other_top: Floats, other_bottom: Floats) -> Lift | None:
    if not bottom.any() or not other_bottom.any():
        return None
    return lift.of_ratios(top, bottom, other_top, other_bottom)


def _by_client(found: Sequence[Outcome]) -> Floats:
    """A row a client: orders, their cents, pieces judged and kept."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in found:
        row = sums[each.live.client_id]
        for place, more in enumerate((len(each.orders), sum(each.orders.values()), each.judged, each.kept)):
            row[place] += more
    return np.array(list(sums.values()), np.float64).reshape(-1, 4)
