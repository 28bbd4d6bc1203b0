"""The shapes of the charts on pages: plain numbers, which templates draw as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from domain.engagement import Engagement, EngagementRules, compute_score, compute_strength, score_client
from models.states import Band

WIDTH: Final = 760
HEIGHT: Final = 280
LEFT: Final = 34
RIGHT: Final = 14
TOP: Final = 14
BOTTOM: Final = 28
PAST: Final = timedelta(days=270)
AHEAD: Final = timedelta(days=45)
STEP_POINTS: Final = 260
"""Points along the whole curve, besides one before and one after each event."""


@dataclass(frozen=True)
class Mark:
    """A mark at a moment: its coordinates and its label."""

    x: float
    y: float
    label: str
    tone: str = ""


@dataclass(frozen=True)
class BandRange:
    """The range of scores of one band."""

    band: str
    y: float
    height: float
    threshold: float


@dataclass(frozen=True)
class ScorePicture:
    """A client's score over time. All coordinates lie in a box of `width` by `height`."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM
    past: str = ""
    future: str = ""
    now_x: float = 0.0
    shades: Sequence[BandRange] = ()
    orders: Sequence[Mark] = ()
    assessments: Sequence[Mark] = ()
    mails: Sequence[Mark] = ()
    crossing: Mark | None = None
    ticks: Sequence[Mark] = field(default=())


class _PlotScale:
    """Converts moments and scores to coordinates."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self._begin, self._span = begin, (end - begin).total_seconds()

    def x(self, at: datetime) -> float:
        share = (at - self._begin).total_seconds() / self._span
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / 100 * (HEIGHT - TOP - BOTTOM), 1)


class ScoreCurve:
    """The score at any moment: events raise it, and it decays between them."""

    def __init__(self, rules: EngagementRules, events: Sequence[Any]) -> None:
        """Prepare the curve of what counts: (type, occurred_at, value_cents) in order of time."""
        self._rules = rules
        self.moments: list[datetime] = []
        self._stats: list[Engagement] = []
        stats = Engagement()
        for event in events:
            stats = stats.add_event(rules, event.type, event.occurred_at, event.value_cents)
            self.moments.append(event.occurred_at)
            self._stats.append(stats)

    def compute_scores(self, times: Sequence[datetime]) -> list[float]:
        """Compute the score at each of `times` (in order), 0 before the first event."""
        scores, index = [], -1
        for at in times:
            while index + 1 < len(self.moments) and self.moments[index + 1] <= at:
                index += 1
            scores.append(0.0 if index < 0 else self._compute_score(self._stats[index], at))
        return scores

    def find_crossing(self, now: datetime) -> datetime | None:
        """Find when the score falls into the next band if nothing happens after `now`.

        The stored crossing is that of the last assessment; an event inside the band causes no new assessment.
        """
        past_stats = [stats for moment, stats in zip(self.moments, self._stats, strict=True) if moment <= now]
        return score_client(self._rules, past_stats[-1], now).crosses_at if past_stats else None

    def _compute_score(self, stats: Engagement, at: datetime) -> float:
        assert stats.anchor_at is not None  # noqa: S101 - one event at least was absorbed
        anchor = stats.anchor_at.timestamp()
        last = stats.last_order_at.timestamp() if stats.last_order_at else float("nan")
        a = compute_strength(self._rules, [anchor], [stats.frequency], [stats.monetary], [last])
        return float(compute_score(self._rules, [anchor], a, [max(at.timestamp(), anchor)])[0])


def build_score_picture(
    rules: EngagementRules,
    events: Sequence[Any],
    assessments: Sequence[Any],
    mails: Sequence[Any],
    now: datetime,
    crosses_at: datetime | None,
) -> ScorePicture:
    """Build the chart of one client's score up to `now`, and on from there if nothing happens."""
    begin = _choose_begin(events, assessments, now)
    end = now + AHEAD if crosses_at is None else min(max(now + AHEAD / 3, crosses_at + AHEAD / 9), now + 3 * AHEAD)
    scale, curve = _PlotScale(begin, end), ScoreCurve(rules, events)
    return ScorePicture(
        past=_format_line(scale, curve, _choose_times(curve, begin, now)),
        future=_format_line(scale, curve, _choose_times(curve, now, end)),
        now_x=scale.x(now),
        shades=_build_band_ranges(rules, scale),
        orders=[
            Mark(scale.x(event.occurred_at), HEIGHT - BOTTOM, f"Order, {_format_day(event.occurred_at)}")
            for event in events
            if event.type == "order_placed" and event.occurred_at >= begin
        ],
        assessments=[
            Mark(scale.x(row.at), scale.y(row.score), f"Assessed {row.score:.1f}, {_format_day(row.at)}", row.band)
            for row in assessments
            if begin <= row.at <= end
        ],
        mails=[
            Mark(
                scale.x(row.sent_at),
                scale.y(curve.compute_scores([row.sent_at])[0]),
                f"Mail {row.n} sent, {_format_day(row.sent_at)}",
            )
            for row in mails
            if row.sent_at is not None and begin <= row.sent_at <= end
        ],
        crossing=_build_crossing(scale, curve, crosses_at, now, end),
        ticks=_build_ticks(scale, begin, end),
    )


def _choose_begin(events: Sequence[Any], assessments: Sequence[Any], now: datetime) -> datetime:
    first: datetime = min((event.occurred_at for event in events), default=now)
    first = min((first, *(row.at for row in assessments)))
    room = max(timedelta(days=5), (now - first) * 0.1)  # for the bands' names, left of the curve
    return max(now - PAST, min(first - room, now - timedelta(days=30)))


def _choose_times(curve: ScoreCurve, begin: datetime, end: datetime) -> list[datetime]:
    step = (end - begin) / STEP_POINTS
    jumps = [moment for moment in curve.moments if begin <= moment <= end]
    just_before = [max(begin, moment - timedelta(seconds=1)) for moment in jumps]
    return sorted([begin + step * index for index in range(STEP_POINTS + 1)] + jumps + just_before)


def _format_line(scale: _PlotScale, curve: ScoreCurve, times: list[datetime]) -> str:
    placed = [f"{scale.x(at)},{scale.y(value)}" for at, value in zip(times, curve.compute_scores(times), strict=True)]
    return " ".join(dict.fromkeys(placed))


def _build_band_ranges(rules: EngagementRules, scale: _PlotScale) -> list[BandRange]:
    shades, upper = [], 100.0
    for band, lowest in rules.thresholds:
        shades.append(BandRange(Band(band).value, scale.y(upper), round(scale.y(lowest) - scale.y(upper), 1), lowest))
        upper = lowest
    return shades


def _build_crossing(
    scale: _PlotScale, curve: ScoreCurve, crosses_at: datetime | None, now: datetime, end: datetime
) -> Mark | None:
    if crosses_at is None or not now <= crosses_at <= end:
        return None
    value = curve.compute_scores([crosses_at])[0]
    return Mark(scale.x(crosses_at), scale.y(value), f"next crossing {_format_day(crosses_at)}, at {value:.0f}")


def _build_ticks(scale: _PlotScale, begin: datetime, end: datetime) -> list[Mark]:
    """Build one tick a month, or a week where the chart spans little time."""
    ticks, by_month = [], end - begin > timedelta(days=100)
    at = datetime(begin.year, begin.month, 1, tzinfo=begin.tzinfo)
    while at < end:
        if at >= begin:
            ticks.append(Mark(scale.x(at), HEIGHT - 8, f"{at:%b}" if by_month else f"{at.day} {at:%b}"))
        at = _find_next_month(at) if by_month else at + timedelta(days=7)
    return ticks


def _find_next_month(at: datetime) -> datetime:
    return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)


def _format_day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


@dataclass(frozen=True)
class Slice:
    """One part of a bar: its code, how many, and its position in percent of the whole."""

    code: str
    count: int
    begin: float
    share: float


def build_slices(counts: Mapping[str, int], order: Sequence[str]) -> list[Slice]:
    """Build the parts of a bar, in `order`; codes not in it come last."""
    total, begin, slices = sum(counts.values()) or 1, 0.0, []
    for code in [*order, *sorted(set(counts) - set(order))]:
        if counts.get(code):
            share = 100 * counts[code] / total
            slices.append(Slice(code, counts[code], round(begin, 3), round(share, 3)))
            begin += share
    return slices
