"""The problem as arrays: who may get what, and blocks of clients that lose nothing of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from algorithms.assembly.model import NO_LIMIT, BoxWishes, Wave, build_blocks
from tests.algorithms.waves import draw_wave
from tests.algorithms.wishes import draw_wave_with_wishes

ONE = Wave(
    np.array([1]), np.array([100]), np.array([80]), np.array([1]), np.array([1, 1]),
    np.zeros(2, np.int64), np.array([0, 1]), np.array([0, 1]), np.array([80, 50]), np.array([0.5, 0.1]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "eligible"),
    [
        ({}, [0, 1]),
        ({"item_cap": np.array([79])}, [1]),
        ({"budget": np.array([80])}, [0, 1]),
        ({"budget": np.array([79])}, [1]),
        ({"on_hand": np.array([0, 1])}, [1]),
        ({"score": np.array([0.0, 0.1])}, [1]),
        ({"score": np.array([-0.5, 0.1])}, [1]),
        ({"slots": np.array([0])}, []),
        ({"category_cap": np.array([0])}, []),
    ],
)
def test_a_candidate_is_eligible_where_it_fits_and_adds_to_the_score(columns, eligible):
    assert replace(ONE, **columns).find_eligible().tolist() == eligible


def test_a_must_have_is_eligible_whatever_its_score():
    wishes = BoxWishes(np.full(2, -1), np.array([NO_LIMIT]), np.array([True, False]), np.array([1]))
    wave = replace(ONE, wishes=wishes, score=np.array([-0.5, -0.5]))
    assert wave.find_eligible().tolist() == [0]
    assert replace(wave, wishes=replace(wishes, need=np.array([0]))).find_eligible().tolist() == []


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_blocks_hold_every_eligible_candidate_once_with_all_that_is_known_of_it(size):
    wave = draw_wave_with_wishes(2, 40)
    assert wave.wishes is not None
    seen: list[int] = []
    blocks = build_blocks(wave, size)
    assert all(len(block.clients) <= size for block in blocks)
    for block in blocks:
        there = np.isfinite(block.score)
        assert block.wishes is not None
        assert there.any(1).all()
        candidates = block.candidate[there]
        assert (wave.client[candidates] == np.broadcast_to(block.clients[:, None], there.shape)[there]).all()
        for name in ("sku", "category", "price", "score"):
            assert (getattr(block, name)[there] == getattr(wave, name)[candidates]).all()
        assert (block.wishes.colour[there] == wave.wishes.colour[candidates]).all()
        assert (block.wishes.must[there] == wave.wishes.must[candidates]).all()
        assert (block.wishes.need == wave.wishes.need[block.clients]).all()
        assert (block.category[~there] == -1).all()
        assert (block.price[~there] == 0).all()
        assert (block.wishes.colour[~there] == -1).all()
        assert not block.wishes.must[~there].any()
        assert (block.slots == np.minimum(wave.slots[block.clients], there.sum(1))).all()
        assert (block.budget == np.minimum(wave.budget[block.clients], block.price.sum(1))).all()
        assert (block.cap == np.minimum(wave.category_cap[block.clients], block.slots)).all()
        seen += candidates.tolist()
    assert sorted(seen) == wave.find_eligible().tolist()


def test_clients_of_a_block_have_about_equally_many_candidates():
    blocks = build_blocks(draw_wave(4, 100, 12, 30), 10)
    widths = [block.score.shape[1] for block in blocks]
    assert widths == sorted(widths)
    assert all((np.diff(block.clients) > 0).all() for block in blocks)
