"""Offers of boxes, the prices that follow from them, and the choice of one a client within the stock."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from algorithms.assembly.dive import dive, find_available
from algorithms.assembly.model import build_blocks
from algorithms.assembly.offers import Offers, find_offers, join_offers, refine_prices
from tests.algorithms.waves import draw_wave

NONE = 3
"""The sku after the last of three."""
SOME = Offers(
    np.array([0, 0, 2]), np.array([[0, 1], [2, NONE], [0, NONE]]), np.array([[0, 1], [2, -1], [3, -1]]),
    np.array([1.5, 0.7, 0.9]),
)  # fmt: skip


def draw_offers(seed: int, clients: int = 5, skus: int = 4, per_client: int = 3) -> Offers:
    """Offers of one or two different skus; the last sku's number stands for none."""
    rng, count = np.random.default_rng(seed), clients * per_client
    goods = np.array([rng.choice(skus + 1, 2, replace=False) for _ in range(count)])
    candidates = np.where(goods < skus, np.arange(2 * count).reshape(count, 2), -1)
    return Offers(np.repeat(np.arange(clients), per_client), goods, candidates, rng.random(count))


def find_best_choice(offers: Offers, stock: np.ndarray) -> float:
    """The best summed score of at most one offer a client, by trying all."""
    starts = offers.find_starts().tolist()
    own = [[-1, *range(begin, end)] for begin, end in zip(starts, [*starts[1:], len(offers)], strict=True)]
    best = 0.0
    for choice in product(*own):
        rows = np.array([row for row in choice if row >= 0], np.int64)
        if (offers.select(rows).count_units(len(stock)) <= stock).all():
            best = max(best, float(offers.score[rows].sum()))
    return best


def test_offers_are_counted_shifted_and_joined():
    assert SOME.find_starts().tolist() == [0, 2]
    assert SOME.select(np.zeros(0, np.int64)).find_starts().tolist() == []
    assert SOME.count_units(3).tolist() == [2, 1, 1]
    moved = SOME.shift(10, 100)
    assert moved.client.tolist() == [10, 10, 12]
    assert moved.candidates.tolist() == [[100, 101], [102, -1], [103, -1]]
    wide = Offers(np.array([1]), np.array([[0, 1, 2]]), np.array([[7, 8, 9]]), np.array([2.0]))
    both = join_offers([SOME, wide], NONE)
    assert both.client.tolist() == [0, 0, 1, 2]
    assert both.goods.tolist() == [[0, 1, NONE], [2, NONE, NONE], [0, 1, 2], [0, NONE, NONE]]
    assert both.candidates.tolist() == [[0, 1, -1], [2, -1, -1], [7, 8, 9], [3, -1, -1]]
    assert both.score.tolist() == [1.5, 0.7, 2.0, 0.9]
    assert len(join_offers([], NONE)) == 0


def test_an_offer_is_there_while_all_of_its_items_are():
    assert find_available(SOME, np.array([1, 1, 0])).tolist() == [True, False, True]
    assert find_available(SOME, np.array([0, 1, 1])).tolist() == [False, True, False]


@pytest.mark.parametrize("seed", range(30))
def test_few_clients_get_the_best_choice_of_all(seed):
    offers, stock = draw_offers(seed), np.random.default_rng(seed).integers(0, 3, 4)
    taken, left = dive(offers, np.zeros(4), stock, 0.01)
    assert taken.score.sum() == pytest.approx(find_best_choice(offers, stock))
    assert (stock - taken.count_units(4)).tolist() == left.tolist()
    assert left.min() >= 0
    assert len(set(taken.client.tolist())) == len(taken)


def test_without_offers_nothing_is_taken():
    taken, left = dive(draw_offers(1).select(np.zeros(0, np.int64)), np.zeros(4), np.ones(4, np.int64), 0.01)
    assert (len(taken), left.tolist()) == (0, [1, 1, 1, 1])


@pytest.mark.parametrize("seed", range(5))
def test_many_clients_get_nearly_as_much_as_the_bound(seed):
    offers = draw_offers(seed, 400, 40)
    stock = np.random.default_rng(seed).integers(2, 9, 40)
    prices = refine_prices(offers, np.zeros(40), stock, 60, 0.05).prices
    taken, left = dive(offers, prices, stock, 0.02)
    assert left.min() >= 0
    assert (stock - taken.count_units(40)).tolist() == left.tolist()
    assert len(set(taken.client.tolist())) == len(taken)
    worth = offers.score - np.r_[prices, 0.0][offers.goods].sum(1)
    bound = np.maximum(np.maximum.reduceat(worth, offers.find_starts()), 0).sum() + prices @ stock
    assert 0.97 * bound < taken.score.sum() <= bound + 1e-9


def test_a_price_settles_between_who_gets_the_unit_and_who_does_not():
    offers = Offers(
        np.array([0, 1, 2]), np.zeros((3, 1), np.int64), np.array([[0], [1], [2]]), np.array([1.0, 0.6, 0.2])
    )
    refined = refine_prices(offers, np.zeros(1), np.array([1]), 200, 0.05)
    assert 0.55 < refined.prices[0] < 1.0
    first, second, third = refined.often
    assert first > 0.9
    assert 0.5 > second > third >= 0
    assert refine_prices(offers, np.zeros(1), np.array([3]), 200, 0.05).prices.tolist() == [0.0]
    nothing = refine_prices(offers.select(np.zeros(0, np.int64)), np.array([0.3]), np.array([1]), 9, 0.05)
    assert (nothing.prices.tolist(), len(nothing.often)) == ([0.3], 0)


@pytest.mark.parametrize("within", [0.0, 0.1])
def test_offers_are_the_boxes_within_a_margin_of_each_client_s_best(within):
    wave = draw_wave(7, 15, 8, 12)
    blocks, prices = build_blocks(wave), np.full(12, 0.05)
    offers = find_offers(blocks, prices, within, 15)
    worth = offers.score - np.r_[prices, 0.0][offers.goods].sum(1)
    for begin, end in zip(offers.find_starts(), [*offers.find_starts()[1:], len(offers)], strict=True):
        best = worth[begin:end].max()
        assert (worth[begin:end] >= best - within - 1e-6).all()
    assert (np.diff(offers.client) >= 0).all()
    assert len(set(offers.client.tolist())) == sum(len(block.clients) for block in blocks)
    more = find_offers(blocks, prices, within + 0.3, 15)
    assert len(more) > len(offers)
    for row in range(len(offers)):
        picked = offers.candidates[row][offers.candidates[row] >= 0]
        assert offers.score[row] == pytest.approx(wave.score[picked].sum())
        assert wave.sku[picked].tolist() == offers.goods[row][offers.goods[row] < 12].tolist()
