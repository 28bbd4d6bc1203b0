"""What came of answers, and what a shadow's would have earned, against worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from domain.comparison.counterfactual import CounterfactualReward, estimate_counterfactual_reward
from domain.comparison.outcomes import (
    AnswerOutcome,
    attribute_reactions,
    compare_variants,
    select_closed,
    summarise_variant,
)
from domain.comparison.records import LiveAnswer, Reaction, ShadowAnswer
from models.base import utc

NOW = utc(2026, 6, 1)
WEEK = timedelta(days=7)


def live(client: str, day: int, *items: str, variant: str = "one", propensity: float | None = None) -> LiveAnswer:
    answer = {"items": [{"item_id": item} for item in items]}
    at = NOW + timedelta(days=day)
    return LiveAnswer(
        f"{client}{day}", client, f"q{client}{day}", variant, None, variant, propensity, 0.01, answer, (), at
    )


def react(client: str, kind: str, day: float, item: str | None = None, order: str = "", cents: int = 0) -> Reaction:
    return Reaction(client, kind, NOW + timedelta(days=day), item, order, cents)


def test_an_order_counts_once_for_the_last_answer_seen_before_it_and_only_for_a_while() -> None:
    lives = [live("c", 0, "a"), live("c", 2, "b"), live("d", 0, "a")]
    deeds = [
        react("c", "ordered", -1, "a", "o0", 100),
        react("c", "ordered", 1, "a", "o1", 100),
        react("c", "ordered", 3, "a", "o2", 200),
        react("c", "ordered", 3, "b", "o2", 300),
        react("c", "ordered", 9.5, "b", "o3", 900),
        react("stranger", "ordered", 1, "a", "o4", 900),
    ]
    first, second, other = attribute_reactions(lives, deeds, WEEK)
    assert (first.orders, first.judged, first.kept) == ({"o1": 100}, 1, 1)
    assert (second.orders, second.judged, second.kept) == ({"o2": 500}, 1, 1)
    assert other.orders == {}
    result = summarise_variant([first, second, other])
    assert (result.seen, result.clients, result.order_rate, result.average_order_cents) == (3, 2, 0.5, 300)


def test_what_comes_back_is_not_kept() -> None:
    deeds = [
        react("c", "ordered", 1, "a"),
        react("c", "returned", 2, "a"),
        react("c", "kept", 3, "b"),
        react("c", "sent_back", 3, "x"),
        react("c", "sent_back", 4, "a"),
    ]
    (outcome,) = attribute_reactions([live("c", 0, "a", "b")], deeds, WEEK)
    assert (outcome.judged, outcome.kept) == (3, 1)
    assert summarise_variant([outcome]).keep_rate == pytest.approx(1 / 3)


def test_who_keeps_pieces_without_an_order_has_not_ordered() -> None:
    reactions = [react("c", "kept", 1, "a"), react("d", "ordered", 1, "z", order="o1", cents=900)]
    outcomes = attribute_reactions([live("c", 0, "a"), live("d", 0, "b")], reactions, WEEK)
    result = summarise_variant(outcomes)
    assert (result.clients, result.order_rate, result.orders, result.average_order_cents) == (2, 0.5, 1, 900)
    assert (result.pieces, result.keep_rate) == (1, 1.0)


def test_of_two_answers_for_one_mail_the_later_was_seen() -> None:
    (outcome,) = attribute_reactions([live("c", 0, "a"), live("c", 0, "b")], [], WEEK)
    assert outcome.live.answer == {"items": [{"item_id": "b"}]}


def test_nothing_seen_is_nothing_earned() -> None:
    assert attribute_reactions([], [], WEEK) == []
    assert summarise_variant([]).order_rate is None
    assert compare_variants([], []).order_rate.lift is None
    assert not compare_variants([], []).order_rate.enough


def test_a_while_that_is_not_over_is_no_no_and_no_yes() -> None:
    lives = [live("c", 0, "a"), live("d", 3, "a"), live("e", 3, "a")]
    outcomes = attribute_reactions(lives, [react("c", "ordered", 1, "a"), react("d", "ordered", 4, "a")], WEEK)
    over = select_closed(outcomes, WEEK, NOW + timedelta(days=9))
    assert [outcome.live.client_id for outcome in over] == ["c"]
    assert summarise_variant(over, len(outcomes) - len(over))[:4] == (1, 1, 2, 1.0)
    assert select_closed(outcomes, WEEK, NOW + timedelta(days=10)) == outcomes


def build_outcomes(clients: int, pieces: int, kept: int) -> list[AnswerOutcome]:
    """So many pieces of each client, of whom every other keeps `kept`."""
    outcomes = [AnswerOutcome(live(f"c{n}", 0, "a"), NOW) for n in range(clients)]
    for n, one in enumerate(outcomes):
        one.judged, one.kept = pieces, kept if n % 2 else 0
    return outcomes


@pytest.mark.parametrize(
    ("one", "other", "enough"),
    [
        ((11, 1, 1), (24, 1, 1), False),
        ((100, 1, 1), (99, 1, 1), False),
        ((100, 1, 1), (100, 1, 1), True),
        ((29, 10, 8), (100, 1, 1), False),
        ((30, 10, 8), (100, 1, 1), True),
    ],
)
def test_few_pieces_or_those_of_few_clients_tell_nothing(one, other, enough: bool) -> None:
    keep_rate = compare_variants(build_outcomes(*one), build_outcomes(*other)).keep_rate
    assert (keep_rate.treated.n, keep_rate.control.n) == (one[0] * one[1], other[0] * other[1])
    assert (keep_rate.enough, keep_rate.lift is not None) == (enough, True)


def test_a_better_variant_is_told_apart_from_an_equal_one() -> None:
    rng = np.random.default_rng(5)

    def variant(rate: float) -> list[AnswerOutcome]:
        outcomes = [AnswerOutcome(live(f"c{n}", 0, "a"), NOW) for n in range(2_000)]
        for outcome, buys in zip(outcomes, rng.random(2_000) < rate, strict=True):
            outcome.orders = {"o": 5_000} if buys else {}
        return outcomes

    better = compare_variants(variant(0.15), variant(0.10)).order_rate.lift
    equal = compare_variants(variant(0.10), variant(0.10)).order_rate.lift
    assert better is not None
    assert equal is not None
    assert better.relative.low > 0
    assert equal.relative.low < 0 < equal.relative.high


def world(propensities: bool, n: int = 6_000) -> list[tuple[AnswerOutcome, ShadowAnswer]]:
    """Live, one of four items is drawn; `d` sells at 30 %, the others at 10 %. The shadow shows `d`."""
    rng = np.random.default_rng(11)
    shown, luck = rng.choice(list("abcd"), n, p=[0.4, 0.3, 0.2, 0.1]), rng.random(n)
    chance = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
    pairs = []
    for number, (item, roll) in enumerate(zip(shown.tolist(), luck.tolist(), strict=True)):
        seen = AnswerOutcome(live(f"c{number}", 0, item, propensity=chance[item] if propensities else None), NOW)
        seen.orders = {"o": 1} if roll < (0.3 if item == "d" else 0.1) else {}
        pairs.append((seen, ShadowAnswer(seen.live.question, "two", 0.01, {"items": [{"item_id": "d"}]}, ())))
    return pairs


def test_what_a_shadow_would_have_earned_is_found_within_its_interval() -> None:
    result = estimate_counterfactual_reward(world(True))
    assert isinstance(result, CounterfactualReward)
    for estimate in (result.ips, result.snips, result.doubly_robust):
        assert estimate.low < 0.3 < estimate.high
        assert abs(estimate.value - 0.3) < 0.05
    assert result.trust == ""
    assert result.logged < 0.15


def test_a_chance_that_nobody_ever_sees_come_true_spoils_no_estimate() -> None:
    pairs = world(True)
    seen, shadow = pairs[0]
    freak = replace(seen, live=replace(seen.live, propensity=1e-320, answer=shadow.answer or {}), orders={"o": 1})
    result = estimate_counterfactual_reward([(freak, shadow), *pairs[1:]])
    assert isinstance(result, CounterfactualReward)
    for estimate in (result.ips, result.snips, result.doubly_robust):
        assert abs(estimate.value - 0.3) < 0.05


def test_without_propensities_or_with_few_answers_it_says_so() -> None:
    assert "propensities" in str(estimate_counterfactual_reward(world(False)))
    assert "propensities" in str(estimate_counterfactual_reward([]))
    few = estimate_counterfactual_reward(world(True, 60))
    assert isinstance(few, CounterfactualReward)
    assert few.trust.startswith("too few")
