"""The picture of a campaign's lift: what was told day by day, with its interval, as places that templates draw."""

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
class Line:
    """A level of the scale, or a day: its place, and what it is called."""

    at: float
    label: str


@dataclass(frozen=True)
class LiftPicture:
    """Coordinates in a box of `width` by `height`; `around` is a polygon, `line` a polyline."""

    around: str
    line: str
    zero: float
    levels: Sequence[Line]
    days: Sequence[Line]
    marks: Sequence[tuple[float, float, float, float, str]]
    """x, low, value, high, and the words for it."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def lift_picture(points: Sequence[LiftPoint]) -> LiftPicture | None:
    """The picture of `points`, in order of time; None without any."""
    if not points:
        return None
    top, bottom = max(1e-4, *(one.high for one in points)), min(-1e-4, *(one.low for one in points))
    begin, end = points[0].at, points[-1].at
    span = max((end - begin).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        place = (at - begin).total_seconds() / span if end > begin else 0.5
        return round(LEFT + place * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (top - value) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    upper = [f"{x(one.at)},{y(one.high)}" for one in points]
    lower = [f"{x(one.at)},{y(one.low)}" for one in reversed(points)]
    return LiftPicture(
        around=" ".join(upper + lower),
        line=" ".join(f"{x(one.at)},{y(one.value)}" for one in points),
        zero=y(0.0),
        levels=[Line(y(level), f"{100 * level:+.3g}") for level in _levels(bottom, top)],
        days=[Line(x(at), f"{at.day} {at:%b}") for at in dict.fromkeys((begin, end))],
        marks=[(x(one.at), y(one.low), y(one.value), y(one.high), _words(one)) for one in points],
    )


def _words(one: LiftPoint) -> str:
    return f"{one.at.day} {one.at:%B}: {100 * one.value:+.2f} points, {100 * one.low:+.2f} to {100 * one.high:+.2f}"


def _levels(bottom: float, top: float) -> list[float]:
    """The largest of 1, 2, 5 times a power of ten that lies within, to each side where there is room for it."""
    reach = max(top, -bottom)
    power = 10.0 ** (ceil(log10(reach)) - 1)
    level = max(step * power for step in (0.5, 1, 2, 5) if step * power <= reach)
    return [each for each in (-level, level) if bottom <= each <= top]
