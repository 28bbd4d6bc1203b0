"""The picture of a score agrees with the score that decisions are made on."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engagement import Engagement, EngagementRules, score_client
from models.base import utc
from models.figures import KpiPoint
from models.lift import LiftPoint
from web.console.charts import BOTTOM, HEIGHT, TOP, ScoreCurve, build_score_picture, build_slices
from web.console.kpis import draw_lines
from web.console.lift_chart import build_lift_picture

NOW = utc(2026, 11, 21, 12)
RULES = EngagementRules()


def event(days: float, kind: str = "order_placed", cents: int = 9_900) -> Any:
    at = NOW - timedelta(days=days)
    return SimpleNamespace(type=kind, occurred_at=at, value_cents=cents)


@given(
    st.lists(st.floats(0, 400), min_size=1, max_size=12),
    st.floats(0, 400),
    st.sampled_from(["order_placed", "item_viewed", "wishlisted"]),
)
def test_the_curve_is_the_score_at_every_moment(days: list[float], at: float, kind: str) -> None:
    events = [event(ago, kind) for ago in sorted(days, reverse=True)]
    moment = NOW - timedelta(days=at)
    stats = Engagement()
    for one in events:
        if one.occurred_at <= moment:
            stats = stats.add_event(RULES, one.type, one.occurred_at, one.value_cents)
    expected = score_client(RULES, stats, moment).score if stats.anchor_at else 0.0
    assert ScoreCurve(RULES, events).compute_scores([moment])[0] == pytest.approx(expected, abs=1e-4)


def test_the_crossing_lies_on_the_threshold_s_line() -> None:
    events = [event(80), event(60)]
    stats = Engagement()
    for one in events:
        stats = stats.add_event(RULES, one.type, one.occurred_at, one.value_cents)
    reading = score_client(RULES, stats, NOW)
    picture = build_score_picture(RULES, events, [], [], NOW, reading.crosses_at)
    assert picture.crossing is not None
    shade = next(one for one in picture.shades if one.band == reading.band)
    assert picture.crossing.y == pytest.approx(shade.y + shade.height, abs=0.3)
    assert picture.crossing.x > picture.now_x


def test_a_greater_score_stands_higher_and_a_later_moment_further_right() -> None:
    rows = [
        SimpleNamespace(at=NOW - timedelta(days=days), score=score, band="active")
        for days, score in ((20, 0.0), (10, 50.0), (0, 100.0))
    ]
    picture = build_score_picture(RULES, [], rows, [], NOW, None)
    low, middle, high = picture.assessments
    assert (low.y, middle.y, high.y) == (HEIGHT - BOTTOM, (HEIGHT - BOTTOM + TOP) / 2, TOP)
    assert low.x < middle.x < high.x == picture.now_x
    bands = picture.shades
    assert bands[0].y == TOP
    assert bands[-1].y + bands[-1].height == pytest.approx(HEIGHT - BOTTOM)
    assert [band.threshold for band in bands] == sorted((band.threshold for band in bands), reverse=True)
    line = [
        float(point.split(",")[1]) for point in build_score_picture(RULES, [event(9)], [], [], NOW, None).past.split()
    ]
    assert min(line) < line[0] == HEIGHT - BOTTOM, "an order raises the curve"


def test_a_greater_lift_stands_higher() -> None:
    points = [
        LiftPoint(at=NOW - timedelta(days=2 - k), value=v, low=v - 0.1, high=v + 0.1)
        for k, v in enumerate((-0.2, 0.0, 0.3))
    ]
    picture = build_lift_picture(points)
    assert picture is not None
    assert [x for x, *_ in picture.marks] == sorted(x for x, *_ in picture.marks)
    values = [value for _, _, value, _, _ in picture.marks]
    assert values == sorted(values, reverse=True)
    assert values[1] == picture.zero
    assert all(low > value > high for _, low, value, high, _ in picture.marks), "the page's zero is at the top"
    assert [mark.at > picture.zero for mark in picture.levels] == [
        mark.label.startswith("-") for mark in picture.levels
    ]


def test_a_client_without_a_past_has_a_flat_picture() -> None:
    picture = build_score_picture(RULES, [], [], [], NOW, None)
    heights = {point.split(",")[1] for point in (picture.past + " " + picture.future).split()}
    assert len(heights) == 1
    assert picture.crossing is None


def test_all_marks_lie_inside_the_picture() -> None:
    events = [event(days) for days in (900, 500, 200, 20)]
    mails = [SimpleNamespace(n=1, sent_at=NOW - timedelta(days=days)) for days in (600, 100, 1)]
    rows = [SimpleNamespace(at=NOW - timedelta(days=days), score=50.0, band="active") for days in (600, 90, 0)]
    picture = build_score_picture(RULES, events, rows, mails, NOW, None)
    for mark in (*picture.orders, *picture.mails, *picture.assessments, *picture.ticks):
        assert picture.left <= mark.x <= picture.width - picture.right
        assert 0 <= mark.y <= picture.height
    assert len(picture.orders) == len(picture.mails) == 2


def test_slices_fill_the_bar_in_order() -> None:
    bar = build_slices({"sent": 3, "odd": 1, "briefed": 4, "failed": 0}, ["briefed", "sent"])
    assert [(one.code, one.begin, one.share) for one in bar] == [
        ("briefed", 0.0, 50.0),
        ("sent", 50.0, 37.5),
        ("odd", 87.5, 12.5),
    ]
    assert build_slices({}, ["sent"]) == []


def test_a_day_alone_is_drawn_as_a_dash_and_a_gap_stays_one() -> None:
    days = [date(2026, 11, n) for n in (1, 2, 3, 4, 5)]
    values = (None, 4.0, None, 2.0, 4.0)
    lines = draw_lines([KpiPoint(day=day, value=value) for day, value in zip(days, values, strict=True)], 120, 30)
    assert lines == ["20.0,2.0 40.0,2.0", "90.0,15.0 120.0,2.0"]
    assert draw_lines([KpiPoint(day=days[0], value=0.0)], 120, 30) == ["0.0,28.0 40.0,28.0"]
    assert draw_lines([KpiPoint(day=days[0], value=None)], 120, 30) == []
