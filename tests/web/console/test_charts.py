"""The picture of a score agrees with the score that decisions are made on."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engagement import Engagement, EngagementRules, score_client
from models.base import utc
from web.console.charts import ScoreCurve, build_score_picture, build_slices

NOW = utc(2026, 11, 21, 12)
RULES = EngagementRules()


def event(days: float, kind: str = "order_placed", cents: int = 9_900, data: Any = None) -> Any:
    at = NOW - timedelta(days=days)
    return SimpleNamespace(type=kind, occurred_at=at, value_cents=cents, data=data)


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


def test_a_machine_s_click_moves_nothing() -> None:
    person, machine = event(3, "email_clicked"), event(2, "email_clicked", data={"machine": True})
    assert ScoreCurve(RULES, [person, machine]).compute_scores([NOW]) == ScoreCurve(RULES, [person]).compute_scores(
        [NOW]
    )


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
