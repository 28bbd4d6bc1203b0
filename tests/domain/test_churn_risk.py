"""The band that one's own rhythm gives, and the moment at which it will be left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.churn_risk import ChurnRisk, apply_churn_risk, explain_risk, explain_silence
from domain.engagement import BANDS, Engagement, EngagementRules, score_client
from models.states import Band

RULES = EngagementRules()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FRESH = Engagement(anchor_at=NOW, frequency=1.0, monetary=0.5, last_order_at=NOW)
FADED = Engagement(anchor_at=NOW - timedelta(days=300), frequency=0.2, last_order_at=NOW - timedelta(days=300))


def risk(falls: float | None, gone: float | None = None, orders: int = 3) -> ChurnRisk:
    """Falls and goes so many days from NOW."""
    falls_at, gone_at = (None if day is None else NOW + timedelta(days=day) for day in (falls, gone))
    return ChurnRisk(
        algorithm="a", version="1", horizon_days=90, orders=orders, p_alive=0.5, expected_orders=1,
        falls_at=falls_at, gone_at=gone_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stats", "said", "band"),
    [
        (FRESH, risk(30), Band.ACTIVE),
        (FRESH, risk(-1), Band.AT_RISK),  # silent too long for them, whatever else they did
        (FRESH, risk(-9, -1), Band.AT_RISK),
        (FADED, risk(30), Band.COOLING),  # a yearly buyer is not at risk after 300 days
        (FADED, risk(-1), Band.AT_RISK),
        (FADED, risk(-9, -1), Band.LAPSED),
        (FADED, risk(None), Band.COOLING),
    ],
)
def test_own_rhythm_decides_who_is_at_risk(stats: Engagement, said: ChurnRisk, band: Band) -> None:
    assert apply_churn_risk(RULES, stats, score_client(RULES, stats, NOW), said, NOW).band is band


@pytest.mark.parametrize("orders", [0, 1])
def test_without_a_rhythm_engagement_alone_decides(orders: int) -> None:
    plain = score_client(RULES, FADED, NOW)
    seen = apply_churn_risk(RULES, FADED, plain, risk(-1, orders=orders), NOW)
    assert (seen.band, seen.crosses_at) == (plain.band, plain.crosses_at)
    assert seen.order_moves is (orders == 1)  # the second order makes a rhythm


DAYS = st.one_of(st.none(), st.floats(-400, 900))


@given(st.floats(0, 400), st.floats(0, 4), st.booleans(), DAYS, DAYS)
def test_the_band_is_left_at_the_moment_foretold_and_not_before(
    ago: float, frequency: float, bought: bool, falls: float | None, gone: float | None
) -> None:
    then = NOW - timedelta(days=ago)
    stats = Engagement(anchor_at=then, frequency=frequency, last_order_at=then if bought else None)
    churn_risk = risk(falls, None if falls is None or gone is None else max(falls, gone))

    def look(at: datetime) -> tuple[Band, datetime | None]:
        got = apply_churn_risk(RULES, stats, score_client(RULES, stats, at), churn_risk, at)
        return got.band, got.crosses_at

    band, crosses_at = look(NOW)
    if crosses_at is None:
        assert look(NOW + timedelta(days=3_000))[0] is band
        return
    assert crosses_at > NOW
    assert look(crosses_at)[0] is not band
    for share in (0.01, 0.5, 0.99):
        assert look(NOW + (crosses_at - timedelta(seconds=2) - NOW) * share)[0] is band


@given(DAYS, DAYS, st.floats(0, 900))
def test_silence_never_moves_up(falls: float | None, gone: float | None, later: float) -> None:
    churn_risk = risk(falls, None if falls is None or gone is None else max(falls, gone))
    bands = [
        apply_churn_risk(RULES, FRESH, score_client(RULES, FRESH, at), churn_risk, at).band
        for at in (NOW, NOW + timedelta(days=later))
    ]
    assert BANDS.index(bands[0]) <= BANDS.index(bands[1])


def test_an_order_calls_for_a_look_while_at_risk() -> None:
    assert apply_churn_risk(RULES, FRESH, score_client(RULES, FRESH, NOW), risk(-1), NOW).order_moves
    assert not apply_churn_risk(RULES, FRESH, score_client(RULES, FRESH, NOW), risk(9), NOW).order_moves


@pytest.mark.parametrize(
    ("orders", "gap", "silence", "sentence"),
    [
        (1, 0.0, 50.0, "ordered once, 50 days ago; no rhythm is known yet"),
        (1, 0.0, 1.0, "ordered once, 1 day ago; no rhythm is known yet"),
        (4, 40.0, 10.0, "4 orders, usually 40 days apart; the last 10 days ago, within the usual gap"),
        (4, 40.0, 55.0, "4 orders, usually 40 days apart; the last 55 days ago, a little over the usual gap"),
        (3, 20.0, 110.0, "3 orders, usually 20 days apart; silent for 110 days, 5.5 times the usual gap"),
    ],
)
def test_silence_is_held_against_the_clients_own_gaps(orders: int, gap: float, silence: float, sentence: str) -> None:
    assert explain_silence(orders, gap, silence) == sentence


def test_words_survive_orders_within_minutes() -> None:
    assert explain_silence(3, 0.0, 20.0) == "3 orders, mostly within a day of each other; the last 20 days ago"
    assert explain_silence(3, 1.2, 48.0) == "3 orders, usually 1 day apart; silent for 48 days, 40 times the usual gap"


def test_it_is_told_in_one_sentence_by_name() -> None:
    churn_risk = risk(9).model_copy(update={"p_order": 0.25, "why": "3 orders"})
    assert explain_risk(churn_risk) == (
        "3 orders: 50% likely still a client, 25% to order within 90 days; at risk from 10 June 2026 on (a)"
    )
    foretold = churn_risk.model_copy(update={"next_order_days": (12.0, 140.4, None)})
    assert ", 25% to order within 90 days, even odds of an order within 140 days; at risk" in explain_risk(foretold)
    assert "even odds" not in explain_risk(churn_risk.model_copy(update={"next_order_days": (12.0, None, None)}))
    assert explain_risk(risk(None, orders=1)) == "50% likely still a client (a)"
