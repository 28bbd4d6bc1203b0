"""Nothing of what is held out may be known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from algorithms.ranking import inner, zoo
from algorithms.ranking.data import NONE, Targets
from algorithms.ranking.returns import settle_returns
from algorithms.ranking.splits import split
from algorithms.ranking.top import recommend
from domain.engagement import DAY
from errors import BadInput
from tests.algorithms.ranking.sample_interactions import BEGIN, make_interactions

INTERACTIONS = make_interactions()


def test_a_time_split_learns_from_what_came_before() -> None:
    held = split(INTERACTIONS, "time:0.8", 1)
    assert len(held.past) == pytest.approx(0.8 * len(INTERACTIONS), abs=2)
    later = INTERACTIONS.at > held.past.at.max()
    assert set(held.targets.client.tolist()) <= set(INTERACTIONS.client[later].tolist())


def test_a_day_is_learnt_from_to_its_end() -> None:
    held = split(INTERACTIONS, "time:2026-04-10", 1)
    end = BEGIN + 100 * 86_400
    assert held.past.at.max() < end
    assert len(held.past) == int((INTERACTIONS.at < end).sum())


def test_the_last_of_each_client_is_left_out_and_was_new_to_them() -> None:
    held = split(INTERACTIONS, "leave-last-out", 1)
    assert held.wanted.sum() == len(held.targets)
    assert len(np.unique(held.targets.client)) == len(held.targets)
    for client, wanted in zip(held.targets.client[:50].tolist(), held.wanted.indices[:50].tolist(), strict=True):
        own_rows = INTERACTIONS.client == client
        assert wanted == INTERACTIONS.item[own_rows][-1]
        assert wanted not in INTERACTIONS.item[own_rows][:-1]


def test_with_repeats_what_was_taken_before_is_asked_for_too() -> None:
    assert (
        split(INTERACTIONS, "random:0.4", 1, repeats=True).wanted.nnz > split(INTERACTIONS, "random:0.4", 1).wanted.nnz
    )


@pytest.mark.parametrize(
    "how", ["time:2", "time:2026-02-30", "random", "leave-one-out", "leave-last-out:3", "random:x"]
)
def test_a_split_that_is_none_is_refused(how: str) -> None:
    with pytest.raises(BadInput, match="split"):
        split(INTERACTIONS, how, 1)


def test_the_inner_split_asks_in_context_where_the_targets_do() -> None:
    everybody = np.arange(len(INTERACTIONS.clients))
    none = np.full(len(everybody), NONE)
    assert inner.choose_for_targets(INTERACTIONS, Targets(everybody, everybody * 0)) is inner.split_by_time
    assert inner.choose_for_targets(INTERACTIONS, Targets(everybody, none)) is inner.split_by_time_alone
    (later, _) = inner.split_by_time_alone(INTERACTIONS, False, 1)
    assert (later.targets.context == NONE).all()
    assert len(np.unique(later.targets.client)) == len(later.targets)


def test_what_has_the_latest_moment_is_one_visit_whatever_the_order_of_rows() -> None:
    days = replace(INTERACTIONS, at=np.floor(INTERACTIONS.at / (30 * DAY)) * 30 * DAY)
    held = split(days, "leave-last-out", 1)
    shuffled = split(days.part(np.random.default_rng(1).permutation(len(days))), "leave-last-out", 1)
    assert len(held.past) == len(shuffled.past)
    assert (held.wanted != shuffled.wanted).nnz == 0
    for client in held.targets.client[:50].tolist():
        assert days.at[days.client == client].max() > held.past.at[held.past.client == client].max()


def test_a_return_takes_back_the_latest_and_what_is_left_of_nothing_is_refused() -> None:
    client, item = np.array([0, 0, 0, 1, 1, 2]), np.array([3, 3, 3, 4, 4, 4])
    at, value = np.arange(6.0), np.array([1.0, 1.0, -1.0, 2.0, -2.0, 1.0])
    rows = replace(INTERACTIONS, client=client, item=item, at=at, context=np.full(6, NONE), value=value)
    settled = settle_returns(rows)
    assert list(zip(settled.client, settled.item, settled.at, strict=True)) == [(0, 3, 0.0), (2, 4, 5.0)]
    assert settled.refused is not None
    assert settled.refused.tolist() == [[1, 4]]
    ranker = zoo.make("popularity", repeats=True)
    ranker.fit(settled, 1)
    targets = Targets(np.array([0, 1, 2]), np.full(3, NONE))
    lists, _ = recommend(ranker, settled, targets, len(rows.items), repeats=True)
    assert [4 in row for row in lists.tolist()] == [True, False, True]
