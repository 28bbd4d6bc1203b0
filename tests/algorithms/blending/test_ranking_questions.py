"""The product's own ranking as a question of the slot, and an algorithm's answer as picks of the product."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import build_picks, build_question
from algorithms.blending.trend import Trend
from algorithms.slots.guard import Member, decide
from algorithms.slots.processes import Helpers
from algorithms.slots.slot_table import SLOTS
from domain.histories import ClientSignals
from tests.algorithms.goods import CATEGORIES, NOW, item, shelf, touch
from tests.algorithms.slots.questions import build_target


def blend_of(size: int, **more: Any) -> Blend:
    items = [item(f"i{n}", category=CATEGORIES[n % 6], price_cents=1_000 + n, **more) for n in range(size)]
    return Blend(shelf(*items), Trend(np.zeros(size), {}))


def build_request(n: int = 5, **more: Any) -> RankingRequest:
    return RankingRequest(client_id="c1", n=n, now=NOW, **more)


def test_only_what_may_be_shown_is_asked_about() -> None:
    client = ClientSignals("c1", touches=(touch("i1", days_ago=9), touch("i2", "order_returned", days_ago=3)))
    question = build_question(blend_of(10), build_request(exclude=frozenset({"i3"})), client)
    assert {candidate.item_id for candidate in question.candidates} == {f"i{n}" for n in (0, 4, 5, 6, 7, 8, 9)}
    assert [(interaction.item_id, interaction.kind) for interaction in question.touches] == [
        ("i2", "order_returned"),
        ("i1", "order_placed"),
    ]


def test_a_touch_tells_what_the_item_was_though_it_is_no_candidate() -> None:
    client = ClientSignals("c1", touches=(touch("i1"), touch("gone", days_ago=9)))
    blend = blend_of(3, colour="rust")
    bought, gone = build_question(blend, build_request(), client).touches
    assert (bought.category, bought.colour, bought.price_cents) == (CATEGORIES[1], "rust", 1_001)
    assert (gone.category, gone.colour, gone.price_cents) == ("", "", None)


def test_the_house_leads_and_its_parts_add_up_and_the_best_are_kept() -> None:
    client = ClientSignals("c1", touches=(touch("i6"),))
    whole = build_question(blend_of(60), build_request(), client)
    few = build_question(blend_of(60), build_request(), client, most=10)
    assert few.candidates == whole.candidates[:10]
    for candidate in whole.candidates:
        assert abs(sum(candidate.parts.values()) - candidate.house_score) < 1e-9
    scores = [candidate.house_score for candidate in whole.candidates]
    assert scores == sorted(scores, reverse=True)


def test_stock_is_that_of_the_sizes_the_client_wears() -> None:
    blend = blend_of(3, sizes=("S", "M"))
    assert {
        candidate.on_hand for candidate in build_question(blend, build_request(), ClientSignals("c1")).candidates
    } == {20}
    assert {
        candidate.on_hand
        for candidate in build_question(blend, build_request(), ClientSignals("c1", sizes=("M",))).candidates
    } == {10}


def test_an_empty_shop_asks_an_empty_question() -> None:
    assert build_question(blend_of(0), build_request(), ClientSignals("c1")).candidates == ()


def test_an_installed_algorithm_ranks_the_shop() -> None:
    question = build_question(blend_of(2_000), build_request(), ClientSignals("c1", touches=(touch("i6"),)))
    helpers = Helpers(build_target("Good"), 1)
    assert helpers.is_ready(20)
    started = time.monotonic()
    decision = decide(SLOTS["ranking"], [Member("Good", helpers)], question, 2.0)
    print(f"{(time.monotonic() - started) * 1000:.1f} ms")
    helpers.close()
    assert decision.algorithm == "Good"
    picks = build_picks(question, decision.answer, "Good")  # type: ignore[arg-type]
    assert [pick.item_id for pick in picks] == [candidate.item_id for candidate in question.candidates[:5]]
    assert {pick.by for pick in picks} == {"Good"}
    offered = {candidate.item_id: candidate.house_score for candidate in question.candidates}
    assert [pick.house_score for pick in picks] == [offered[pick.item_id] for pick in picks]
