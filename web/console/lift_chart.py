"""The chart of a campaign's lift: the daily estimates with their intervals, as coordinates that templates draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10
from typing import Final

from models.lift import LiftPoint

WIDTH: Final = 760
HEIGHT: Final = 200
LEFT: Final = 52
RIGHT: Final = 14
TOP: Final = 12
BOTTOM: Final = 26


@dataclass(frozen=True)
class AxisMark:
    """A mark on an axis: its coordinate and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class LiftPicture:
    """Coordinates in a box of `width` by `height`; `around` is a polygon, `line` a polyline."""

    around: str
    line: str
    zero: float
    levels: Sequence[AxisMark]
    days: Sequence[AxisMark]
    marks: Sequence[tuple[float, float, float, float, str]]
    """x, low, value, high, and the words for it."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def build_lift_picture(points: Sequence[LiftPoint]) -> LiftPicture | None:
    """Build the chart of `points`, in order of time; None without any."""
    if not points:
        return None
    top, bottom = max(1e-4, *(one.high for one in points)), min(-1e-4, *(one.low for one in points))
    begin, end = points[0].at, points[-1].at
    span = max((end - begin).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        share = (at - begin).total_seconds() / span if end > begin else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (top - value) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    upper = [f"{x(one.at)},{y(one.high)}" for one in points]
    lower = [f"{x(one.at)},{y(one.low)}" for one in reversed(points)]
    return LiftPicture(
        around=" ".join(upper + lower),
        line=" ".join(f"{x(one.at)},{y(one.value)}" for one in points),
        zero=y(0.0),
        levels=[AxisMark(y(level), f"{100 * level:+.3g}") for level in _choose_levels(bottom, top)],
        days=[AxisMark(x(at), f"{at.day} {at:%b}") for at in dict.fromkeys((begin, end))],
        marks=[(x(one.at), y(one.low), y(one.value), y(one.high), _describe_point(one)) for one in points],
    )


def _describe_point(one: LiftPoint) -> str:
    return f"{one.at.day} {one.at:%B}: {100 * one.value:+.2f} points, {100 * one.low:+.2f} to {100 * one.high:+.2f}"


def _choose_levels(bottom: float, top: float) -> list[float]:
    """Choose the largest of 1, 2, 5 times a power of ten in the range, on each side of zero that has room for it."""
    largest = max(top, -bottom)
    power = 10.0 ** (ceil(log10(largest)) - 1)
    level = max(step * power for step in (0.5, 1, 2, 5) if step * power <= largest)
    return [candidate for candidate in (-level, level) if bottom <= candidate <= top]
