"""The default ranking keeps its promises whatever the shop and the client look like."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.trend import Trend
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from domain.blend import PARTS, BlendWeights
from domain.histories import SIGNAL, ClientSignals, Interaction, Quiz
from models.catalogue import Item, Season
from tests.algorithms.goods import CATEGORIES, COLOURS, NOW, item, shelf, touch, two_tastes

SIZES = ("S", "M", "L")

words = st.sampled_from(COLOURS)
made = st.builds(
    lambda n, category, colour, sizes, price, cost, season, age: item(
        f"i{n}",
        category=category,
        colour=colour,
        sizes=tuple(sizes),
        price_cents=price,
        cost_cents=cost,
        season=season,
        added_at=NOW - timedelta(days=age),
    ),
    st.integers(0, 10_000),
    st.sampled_from(CATEGORIES),
    words,
    st.sets(st.sampled_from(SIZES)),
    st.integers(0, 50_000),
    st.none() | st.integers(0, 60_000),
    st.sampled_from(Season),
    st.integers(-10, 900),
)
catalogues = st.lists(made, max_size=25, unique_by=lambda i: i.item_id)


@st.composite
def shops(draw) -> tuple[Catalogue, ClientSignals, frozenset[str]]:
    items = draw(catalogues)
    ids = [i.item_id for i in items]
    stock = [(i.item_id, size, draw(st.integers(0, 3))) for i in items for size in i.sizes or ("",)]
    excluded = st.lists(st.sampled_from(ids), max_size=5) if ids else st.just([])
    touches = [
        Interaction(draw(st.sampled_from(ids)), kind, NOW.timestamp() - 86_400 * draw(st.integers(0, 300)))
        for kind in draw(st.lists(st.sampled_from(sorted(SIGNAL)), max_size=8 if ids else 0))
    ]
    quiz = Quiz(colours=tuple(draw(st.sets(words))), budget_cents=draw(st.none() | st.integers(1, 20_000)))
    client = ClientSignals("c", tuple(draw(st.sets(st.sampled_from(SIZES)))), (), "UTC", quiz, tuple(touches))
    return Catalogue.of(items, stock), client, frozenset(draw(excluded))


weights = st.builds(BlendWeights, **{name: st.floats(0, 1) for name in PARTS})


@settings(max_examples=150)
@given(shops(), weights, st.integers(1, 12))
def test_what_is_shown_may_be_shown_and_its_parts_add_up(shop, weights, n):
    catalogue, client, exclude = shop
    request = RankingRequest(client_id="c", n=n, now=NOW, exclude=exclude)
    picks = Blend(catalogue, popular(catalogue), weights).rank(request, client)
    ids = [pick.item_id for pick in picks]
    by_id: dict[str, Item] = {i.item_id: i for i in catalogue.items}
    units = dict(zip(by_id, catalogue.count_in_sizes(client.wears).tolist(), strict=True))
    assert len(ids) == len(set(ids)) <= n
    assert not set(ids) & (client.owned | exclude)
    assert all(units[item_id] > 0 for item_id in ids)
    for item_id in ids:
        assert not client.sizes or not by_id[item_id].sizes or set(client.sizes) & set(by_id[item_id].sizes)
    assert max(Counter(by_id[item_id].category for item_id in ids).values(), default=0) <= max(2, -(-n // 5))
    assert [pick.score for pick in picks] == sorted((pick.score for pick in picks), reverse=True)
    for pick in picks:
        assert tuple(pick.parts) == PARTS
        assert pick.score == pytest.approx(sum(pick.parts.values()), abs=1e-9)
        assert all(-1e-9 <= value <= getattr(weights, name) + 1e-6 for name, value in pick.parts.items())


def popular(catalogue: Catalogue) -> Trend:
    rng = np.random.default_rng(len(catalogue))
    return Trend(rng.random(len(catalogue)), {})


def first(blend: Blend, client: ClientSignals, n: int = 5) -> list[str]:
    return [pick.item_id for pick in blend.rank(RankingRequest(client_id=client.client_id, n=n, now=NOW), client)]


def test_every_part_can_decide():
    """Two items that differ in one thing alone: the better one comes first, and second when it is made the worse."""
    base = item("b-plain", sizes=("M",), added_at=NOW - timedelta(days=400), season=Season.WINTER, cost_cents=7_000)
    better: dict[str, dict[str, Any]] = {
        "match": {"colour": "red"},
        "margin": {"cost_cents": 1_000},
        "freshness": {"added_at": NOW - timedelta(days=1)},
        "season": {"season": Season.SUMMER},
    }
    client = ClientSignals("c", sizes=("M",), quiz=Quiz(colours=("red",)))
    for part, change in better.items():
        goods = shelf(base, base.model_copy(update={"item_id": "c-better", **change}))
        blend = Blend(goods, Trend(np.zeros(2), {}))
        assert first(blend, client) == ["c-better", "b-plain"], part
        without = Blend(goods, Trend(np.zeros(2), {}), BlendWeights(**{part: 0.0}))
        assert first(without, client) == ["b-plain", "c-better"], part
    pair = shelf(base, base.model_copy(update={"item_id": "c-better"}))
    assert first(Blend(pair, Trend(np.array([0.0, 1.0]), {})), client) == ["c-better", "b-plain"]
    plenty = pair.with_stock([("b-plain", "M", 1), ("c-better", "M", 50)])
    assert first(Blend(plenty, Trend(np.zeros(2), {})), client) == ["c-better", "b-plain"]


def test_the_model_and_content_share_the_match_and_stand_in_for_each_other():
    catalogue, touches, clients = two_tastes(clients=60)
    model = CatalogueRanker("als")
    model.fit(touches, catalogue, clients, seed=7)
    blend = Blend(catalogue, Trend(np.zeros(40), {}), model=model, share=0.5)
    assert blend.name == "blend+als"
    everything = np.arange(40)
    known = ClientSignals("c2", touches=(touch("i00"),))
    now = NOW.timestamp()
    content = Blend(catalogue, blend.trend).compute_match(known, everything, now)
    modelled = model.scores(known, everything, now)
    assert blend.compute_match(known, everything, now) == pytest.approx(0.5 * modelled + 0.5 * content)
    unheard = ClientSignals("x", quiz=Quiz(colours=("navy",)))
    assert blend.compute_match(unheard, everything, now).tolist() == content_alone(catalogue, unheard, now)
    silent = ClientSignals("c2")
    assert blend.compute_match(silent, everything, now).max() == 0.0, (
        "unmeasured, the model is not trusted with new clients"
    )
    trusted = replace(blend, share_new=0.75).compute_match(silent, everything, now)
    assert trusted == pytest.approx(0.75 * model.scores(silent, everything, now))


def content_alone(catalogue: Catalogue, client: ClientSignals, now: float) -> list[float]:
    blend = Blend(catalogue, Trend(np.zeros(len(catalogue)), {}))
    assert blend.name == "blend+content"
    return blend.compute_match(client, np.arange(len(catalogue)), now).tolist()


def test_a_client_of_whom_nothing_is_known_gets_what_is_liked_and_in_season():
    goods = shelf(item("quiet"), item("liked"), item("wintry", season=Season.WINTER))
    assert first(Blend(goods, Trend(np.array([0.1, 1.0, 0.1]), {})), ClientSignals("c")) == ["liked", "quiet"]


def test_what_came_back_lately_is_not_shown_again():
    goods = shelf(item("back"), item("other"))
    lately = (touch("back", "order_placed", 30), touch("back", "order_returned", 20))
    long_ago = (touch("back", "order_placed", 300), touch("back", "order_returned", 200))
    blend = Blend(goods, Trend(np.zeros(2), {}))
    assert first(blend, ClientSignals("c", touches=lately)) == ["other"]
    assert set(first(blend, ClientSignals("c", touches=long_ago))) == {"back", "other"}


@settings(max_examples=100)
@given(shops(), weights, st.integers(1, 12), st.floats(0, 1))
def test_with_less_of_the_trend_other_items_are_selected_with_the_same_scores_in_their_order(shop, weights, n, share):
    catalogue, client, exclude = shop
    blend = Blend(catalogue, popular(catalogue), weights)
    scored = blend.score_eligible(RankingRequest(client_id="c", n=n, now=NOW, exclude=exclude), client)
    with_all, with_less = blend.select_best(scored, n), blend.select_best(scored, n, trend_share=share)
    known = {pick.item_id: pick.score for pick in blend.select_best(scored, 1_000)}
    assert len(with_less) == len(with_all)
    assert all(pick.score == known.get(pick.item_id, pick.score) for pick in with_less)
    assert [pick.score for pick in with_less] == sorted((pick.score for pick in with_less), reverse=True)
    assert sum(pick.parts["trend"] for pick in with_less) <= sum(pick.parts["trend"] for pick in with_all) + 1e-6
