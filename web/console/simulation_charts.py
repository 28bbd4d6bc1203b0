"""The charts of a simulated campaign: bars by day and figures with their intervals, as coordinates for templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from models.lift import CampaignLift
from models.simulation import SimulatedDay, SimulationReport

WIDTH: Final = 760
HEIGHT: Final = 180
LEFT: Final = 52
RIGHT: Final = 14
TOP: Final = 12
BOTTOM: Final = 34
GAP: Final = 0.18
"""Of a day's width, between two bars."""
SPAN_HEIGHT: Final = 46

Read = Callable[[SimulatedDay], int]


@dataclass(frozen=True)
class DaySeries:
    """What is counted by day: the class that colours it, what it is called, and how it is read."""

    code: str
    title: str
    read: Read


@dataclass(frozen=True)
class DayBar:
    """The bar of one day: each part's class, top and height, and the words for all of it."""

    x: float
    parts: Sequence[tuple[str, float, float]]
    words: str


@dataclass(frozen=True)
class DayChart:
    """Bars by day, one series upon the other, and the same numbers as a table: the day, then each column."""

    key: str
    title: str
    said: str
    series: Sequence[DaySeries]
    bars: Sequence[DayBar]
    most: int
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    first: str
    last: str
    bar_width: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    ground: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class SpanPicture:
    """A figure with its 95 % interval on a line of its own, and in words. `beyond`: whether zero lies outside."""

    title: str
    value: str
    low: str
    high: str
    at: float
    begin: float
    end: float
    zero: float
    beyond: bool
    width: int = WIDTH
    height: int = SPAN_HEIGHT


MAILS: Final = (
    DaySeries("own", "of this campaign", lambda day: day.sent),
    DaySeries("other", "other mails", lambda day: day.other_sent),
)
HELD: Final = (
    DaySeries("capped", "held by caps", lambda day: day.capped),
    DaySeries("collided", "behind another mail", lambda day: day.collided),
)
DESK: Final = (
    DaySeries("drafts", "drafts to decide", lambda day: day.drafts),
    DaySeries("calls", "calls for stylists", lambda day: day.calls),
)
ANSWERS: Final = (
    DaySeries("opened", "opened", lambda day: day.opened),
    DaySeries("clicked", "clicked", lambda day: day.clicked),
    DaySeries("caused", "orders it causes", lambda day: day.caused_orders),
    DaySeries("gone", "unsubscribed", lambda day: day.unsubscribed),
)
"""In the table of the mails alone: they are no parts of one whole."""


def build_day_charts(report: SimulationReport) -> list[DayChart]:
    """Build the charts of a simulation: what is sent, what is held, and what people have to do."""
    held = _build_chart("held", "Clients who wait at the end of a day", report, HELD)
    return [build_sent_chart(report), held, _build_chart("desk", "Work for people a day", report, DESK)]


def build_sent_chart(report: SimulationReport) -> DayChart:
    """Build the chart of the mails that leave each day."""
    return _build_chart("sent", "Mails a day", report, MAILS, ANSWERS)


def _build_chart(
    key: str, title: str, report: SimulationReport, series: Sequence[DaySeries], more: Sequence[DaySeries] = ()
) -> DayChart:
    days = report.per_day
    most = max((sum(one.read(day) for one in series) for day in days), default=0)
    width = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    dates = _name_days(report.starts_on, max(1, len(days)))
    totals = [(sum(one.read(day) for day in days), one.title) for one in series]
    return DayChart(
        key=key,
        title=title,
        said=", ".join(f"{total:,} {name}" for total, name in totals),
        series=series,
        bars=[_build_bar(dates[index], day, index, width, most, series) for index, day in enumerate(days)],
        most=most,
        columns=[one.title for one in (*series, *more)],
        rows=[(name, [one.read(day) for one in (*series, *more)]) for name, day in zip(dates, days, strict=False)],
        first=dates[0],
        last=dates[-1] if len(days) > 1 else "",
        bar_width=round(width * (1 - GAP), 2),
    )


def _build_bar(
    name: str, day: SimulatedDay, index: int, width: float, most: int, series: Sequence[DaySeries]
) -> DayBar:
    ground, parts = float(HEIGHT - BOTTOM), []
    for one in series:
        height = one.read(day) / max(1, most) * (HEIGHT - TOP - BOTTOM)
        if height:
            ground -= height
            parts.append((one.code, round(ground, 1), round(height, 1)))
    said = ", ".join(f"{one.read(day):,} {one.title}" for one in series)
    x = round(LEFT + (index + GAP / 2) * width, 2)
    return DayBar(x, parts, f"{name}: {said}")


def _name_days(starts_on: date, count: int) -> list[str]:
    """Name each day; with its year where a simulation goes on into the next."""
    days = [starts_on + timedelta(days=past) for past in range(count)]
    year = " %Y" if days[0].year != days[-1].year else ""
    return [f"{day.day} {day:%B{year}}" for day in days]


def build_spans(report: SimulationReport) -> list[SpanPicture]:
    """Build the figures that have an interval: the orders that it causes, and what the page of the lift would say."""
    spans = []
    if (caused := report.caused_orders) is not None:
        spans.append(
            _build_span("Orders it causes, a thousand clients", caused.value, caused.low, caused.high, "{:.1f}")
        )
    lift: CampaignLift | None = report.lift
    if lift is not None and (share := lift.conversion) is not None:
        shares = (100 * share.value, 100 * share.low, 100 * share.high)
        spans.append(_build_span("More clients who order than of those held out, in points", *shares, "{:+.2f}"))
    return spans


def _build_span(title: str, value: float, low: float, high: float, form: str) -> SpanPicture:
    least, most = min(low, 0.0), max(high, 0.0)
    reach = (most - least) or 1.0

    def x(number: float) -> float:
        return round(LEFT + (number - least) / reach * (WIDTH - 2 * LEFT), 1)

    said, at_least, at_most = (form.format(number) for number in (value, low, high))
    beyond = low > 0 or high < 0
    return SpanPicture(title, said, at_least, at_most, x(value), x(low), x(high), x(0.0), beyond)
