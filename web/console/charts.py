"""The shapes of the pictures on pages: plain numbers, which templates draw as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from domain.engagement import Engagement, EngagementRules, read, score, strength
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
    """Something at a moment: where it stands on the picture, and what to say of it."""

    x: float
    y: float
    label: str
    tone: str = ""


@dataclass(frozen=True)
class Shade:
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
    shades: Sequence[Shade] = ()
    orders: Sequence[Mark] = ()
    assessments: Sequence[Mark] = ()
    mails: Sequence[Mark] = ()
    crossing: Mark | None = None
    ticks: Sequence[Mark] = field(default=())


class _Scale:
    """From moments and scores to places on the picture."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self._begin, self._span = begin, (end - begin).total_seconds()

    def x(self, at: datetime) -> float:
        share = (at - self._begin).total_seconds() / self._span
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / 100 * (HEIGHT - TOP - BOTTOM), 1)


class Curve:
    """The score at any moment, from the events that moved it: one that decays between them."""

    def __init__(self, rules: EngagementRules, events: Sequence[Any]) -> None:
        """`events`: (type, occurred_at, value_cents, data) in order of time."""
        self._rules = rules
        self.moments: list[datetime] = []
        self._stats: list[Engagement] = []
        stats = Engagement()
        for event in events:
            if not (event.data or {}).get("machine"):
                stats = stats.absorb(rules, event.type, event.occurred_at, event.value_cents or 0)
                self.moments.append(event.occurred_at)
                self._stats.append(stats)

    def points(self, times: Sequence[datetime]) -> list[float]:
        """The score at each of `times` (in order), 0 before the first event."""
        found, index = [], -1
        for at in times:
            while index + 1 < len(self.moments) and self.moments[index + 1] <= at:
                index += 1
            found.append(0.0 if index < 0 else self._at(self._stats[index], at))
        return found

    def crosses_at(self, now: datetime) -> datetime | None:
        """When the score falls into the next band if nothing happens after `now`. The stored crossing is that of the
        last assessment, which an event inside the band does not call for."""
        known = [stats for moment, stats in zip(self.moments, self._stats, strict=True) if moment <= now]
        return read(self._rules, known[-1], now).crosses_at if known else None

    def _at(self, stats: Engagement, at: datetime) -> float:
        assert stats.anchor_at is not None  # noqa: S101 - one event at least was absorbed
        anchor = stats.anchor_at.timestamp()
        last = stats.last_order_at.timestamp() if stats.last_order_at else float("nan")
        a = strength(self._rules, [anchor], [stats.frequency], [stats.monetary], [last])
        return float(score(self._rules, [anchor], a, [max(at.timestamp(), anchor)])[0])


def score_picture(
    rules: EngagementRules,
    events: Sequence[Any],
    assessments: Sequence[Any],
    mails: Sequence[Any],
    now: datetime,
    crosses_at: datetime | None,
) -> ScorePicture:
    """The picture of one client's score up to `now`, and on from there if nothing happens."""
    begin = _begin(events, assessments, now)
    end = now + AHEAD if crosses_at is None else min(max(now + AHEAD / 3, crosses_at + AHEAD / 9), now + 3 * AHEAD)
    scale, curve = _Scale(begin, end), Curve(rules, events)
    return ScorePicture(
        past=_line(scale, curve, _times(curve, begin, now)),
        future=_line(scale, curve, _times(curve, now, end)),
        now_x=scale.x(now),
        shades=_shades(rules, scale),
        orders=[
            Mark(scale.x(event.occurred_at), HEIGHT - BOTTOM, f"Order, {_day(event.occurred_at)}")
            for event in events
            if event.type == "order_placed" and event.occurred_at >= begin
        ],
        assessments=[
            Mark(scale.x(row.at), scale.y(row.score), f"Assessed {row.score:.1f}, {_day(row.at)}", row.band)
            for row in assessments
            if begin <= row.at <= end
        ],
        mails=[
            Mark(
                scale.x(row.sent_at), scale.y(curve.points([row.sent_at])[0]), f"Mail {row.n} sent, {_day(row.sent_at)}"
            )
            for row in mails
            if row.sent_at is not None and begin <= row.sent_at <= end
        ],
        crossing=_crossing(scale, curve, crosses_at, now, end),
        ticks=_ticks(scale, begin, end),
    )


def _begin(events: Sequence[Any], assessments: Sequence[Any], now: datetime) -> datetime:
    first: datetime = min((event.occurred_at for event in events), default=now)
    first = min((first, *(row.at for row in assessments)))
    room = max(timedelta(days=5), (now - first) * 0.1)  # for the bands' names, left of the curve
    return max(now - PAST, min(first - room, now - timedelta(days=30)))


def _times(curve: Curve, begin: datetime, end: datetime) -> list[datetime]:
    step = (end - begin) / STEP_POINTS
    jumps = [moment for moment in curve.moments if begin <= moment <= end]
    just_before = [max(begin, moment - timedelta(seconds=1)) for moment in jumps]
    return sorted([begin + step * index for index in range(STEP_POINTS + 1)] + jumps + just_before)


def _line(scale: _Scale, curve: Curve, times: list[datetime]) -> str:
    placed = [f"{scale.x(at)},{scale.y(value)}" for at, value in zip(times, curve.points(times), strict=True)]
    return " ".join(dict.fromkeys(placed))


def _shades(rules: EngagementRules, scale: _Scale) -> list[Shade]:
    shades, upper = [], 100.0
    for band, lowest in rules.thresholds:
        shades.append(Shade(Band(band).value, scale.y(upper), round(scale.y(lowest) - scale.y(upper), 1), lowest))
        upper = lowest
    return shades


def _crossing(scale: _Scale, curve: Curve, crosses_at: datetime | None, now: datetime, end: datetime) -> Mark | None:
    if crosses_at is None or not now <= crosses_at <= end:
        return None
    value = curve.points([crosses_at])[0]
    return Mark(scale.x(crosses_at), scale.y(value), f"next crossing {_day(crosses_at)}, at {value:.0f}")


def _ticks(scale: _Scale, begin: datetime, end: datetime) -> list[Mark]:
    """One tick a month, or a week where the picture spans little time."""
    ticks, by_month = [], end - begin > timedelta(days=100)
    at = datetime(begin.year, begin.month, 1, tzinfo=begin.tzinfo)
    while at < end:
        if at >= begin:
            ticks.append(Mark(scale.x(at), HEIGHT - 8, f"{at:%b}" if by_month else f"{at.day} {at:%b}"))
        at = _next_month(at) if by_month else at + timedelta(days=7)
    return ticks


def _next_month(at: datetime) -> datetime:
    return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


@dataclass(frozen=True)
class Slice:
    """One part of a bar: its code, how many, and its place in hundredths of the whole."""

    code: str
    count: int
    begin: float
    share: float


def slices(counts: dict[str, int], order: Sequence[str]) -> list[Slice]:
    """The parts of a bar, in `order`; codes not in it come last."""
    whole, begin, found = sum(counts.values()) or 1, 0.0, []
    for code in [*order, *sorted(set(counts) - set(order))]:
        if counts.get(code):
            share = 100 * counts[code] / whole
            found.append(Slice(code, counts[code], round(begin, 3), round(share, 3)))
            begin += share
    return found
