"""Attribute what clients did to the answers that they had seen: a reaction counts for the last answer before it."""

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
from domain.comparison.records import LiveAnswer, Reaction
from domain.comparison.similarity import extract_first, extract_ids
from domain.statistics import lift
from domain.statistics.lift import Lift
from domain.statistics.off_policy import MIN_EFFECTIVE_REWARDS, MIN_EFFECTIVE_ROWS

MIN_UNITS: Final = int(MIN_EFFECTIVE_ROWS)
"""Clients, orders or pieces that each variant needs before a lift is reported; with fewer, its interval is a guess."""
MIN_CLIENTS: Final = int(MIN_EFFECTIVE_REWARDS)
"""Clients that these must come from: a hundred pieces of two clients say something about two clients only."""


@dataclass
class AnswerOutcome:
    """The outcome of one answer that was seen.

    `orders`: cents by order id. `judged`: pieces that the answer named and that were bought or sent in a Fix, `kept` of
    them. `touched`: items that it named and that the client clicked, put aside or bought.
    """

    live: LiveAnswer
    shown_at: datetime
    orders: dict[str, int] = field(default_factory=dict)
    judged: int = 0
    kept: int = 0
    touched: set[str] = field(default_factory=set)

    @property
    def first_touched(self) -> bool:
        """Whether the client touched the first item."""
        return not self.touched.isdisjoint(extract_first(self.live.answer))


class VariantResult(NamedTuple):
    """The results of one variant. Rates are None where there is nothing to divide by.

    `order_rate`: the share of clients who ordered. `pieces`: bought or sent, of which `keep_rate` were kept. `open`:
    answers left out because their window is not over yet.
    """

    seen: int
    clients: int
    open: int
    order_rate: float | None
    orders: int
    average_order_cents: float | None
    pieces: int
    keep_rate: float | None


class SampleCount(NamedTuple):
    """The sample behind a metric: `n` units in its denominator, and the clients they come from."""

    n: int
    clients: int


@dataclass(frozen=True)
class MetricComparison:
    """A metric of a variant compared with the control. `lift`: None where there is nothing to divide by."""

    lift: Lift | None
    treated: SampleCount
    control: SampleCount

    @property
    def enough(self) -> bool:
        """Whether the sample is large enough to rely on."""
        counts = (self.treated, self.control)
        return self.lift is not None and all(n >= MIN_UNITS and clients >= MIN_CLIENTS for n, clients in counts)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return the comparison in the form for JSON."""
        lift = asdict(self.lift) if self.lift else {"treated": None, "control": None}
        return lift | {"n": self.treated.n, "control_n": self.control.n, "enough": self.enough}


class VariantComparison(NamedTuple):
    """The metrics of a variant compared with the control."""

    order_rate: MetricComparison
    average_order_cents: MetricComparison
    keep_rate: MetricComparison


def attribute_reactions(
    lives: Iterable[LiveAnswer], reactions: Iterable[Reaction], within: timedelta
) -> list[AnswerOutcome]:
    """Attribute reactions `within` a window to the answers that were seen; return one outcome per answer.

    Of two answers for one mail, as after a new plan, only the later one was seen.
    """
    last = {(live.client_id, live.shown_at): live for live in lives}
    seen = [AnswerOutcome(live, live.shown_at) for live in last.values() if live.shown_at is not None]
    seen.sort(key=lambda outcome: (outcome.live.client_id, outcome.shown_at))
    by_client = {client: list(group) for client, group in groupby(seen, lambda outcome: outcome.live.client_id)}
    for reaction in sorted(reactions, key=lambda one: one.at):
        shown = by_client.get(reaction.client_id, [])
        index = bisect_right(shown, reaction.at, key=lambda outcome: outcome.shown_at)
        if index and reaction.at - shown[index - 1].shown_at <= within:
            _count_reaction(shown[index - 1], reaction)
    return [outcome for shown in by_client.values() for outcome in shown]


def select_closed(outcomes: Iterable[AnswerOutcome], within: timedelta, until: datetime) -> list[AnswerOutcome]:
    """Select the outcomes whose window was over by `until`. In the others an order may still follow."""
    return [outcome for outcome in outcomes if outcome.shown_at + within <= until]


def _count_reaction(outcome: AnswerOutcome, reaction: Reaction) -> None:
    if reaction.kind == "ordered":
        key = reaction.order_id or reaction.at.isoformat()
        outcome.orders[key] = outcome.orders.get(key, 0) + reaction.value_cents
    named = reaction.item_id in (extract_ids(outcome.live.answer) or ())
    if named and reaction.item_id and reaction.kind in {"ordered", "touched"}:
        outcome.touched.add(reaction.item_id)
    if named and reaction.kind != "touched":
        outcome.judged += reaction.kind != "returned"
        outcome.kept += {"ordered": 1, "kept": 1, "sent_back": 0, "returned": -1 if outcome.kept else 0}[reaction.kind]


def summarise_variant(outcomes: Sequence[AnswerOutcome], still_open: int = 0) -> VariantResult:
    """Summarise the outcomes of one variant. `still_open`: how many were left out."""
    table = _sum_by_client(outcomes)
    orders, cents, judged, kept = table.sum(axis=0).tolist()
    return VariantResult(
        seen=len(outcomes),
        clients=len(table),
        open=still_open,
        order_rate=float((table[:, 0] > 0).mean()) if len(table) else None,
        orders=int(orders),
        average_order_cents=cents / orders if orders else None,
        pieces=int(judged),
        keep_rate=kept / judged if judged else None,
    )


def compare_variants(treated: Sequence[AnswerOutcome], control: Sequence[AnswerOutcome]) -> VariantComparison:
    """Compare a variant with the control, with clients as the unit of randomisation."""
    one, other = _sum_by_client(treated), _sum_by_client(control)
    return VariantComparison(
        _compare_shares(one, other), _compare_ratios(one, other, 1, 0), _compare_ratios(one, other, 3, 2)
    )


def _compare_shares(one: Floats, other: Floats) -> MetricComparison:
    counts = [SampleCount(len(table), len(table)) for table in (one, other)]
    if min(len(one), len(other)) < 2:
        return MetricComparison(None, *counts)
    yes, no = (int((table[:, 0] > 0).sum()) for table in (one, other))
    return MetricComparison(lift.compare_shares(yes, len(one), no, len(other)), *counts)


def _compare_ratios(one: Floats, other: Floats, top: int, bottom: int) -> MetricComparison:
    counts = [SampleCount(int(table[:, bottom].sum()), int((table[:, bottom] > 0).sum())) for table in (one, other)]
    if min(len(one), len(other)) < 2 or not all(count.n for count in counts):
        return MetricComparison(None, *counts)
    return MetricComparison(lift.compare_ratios(one[:, top], one[:, bottom], other[:, top], other[:, bottom]), *counts)


def _sum_by_client(outcomes: Sequence[AnswerOutcome]) -> Floats:
    """Return one row per client: orders, cents, pieces judged, pieces kept; shape (clients, 4)."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for outcome in outcomes:
        row = sums[outcome.live.client_id]
        for column, more in enumerate(
            (len(outcome.orders), sum(outcome.orders.values()), outcome.judged, outcome.kept)
        ):
            row[column] += more
    return np.array(list(sums.values()), np.float64).reshape(-1, 4)
