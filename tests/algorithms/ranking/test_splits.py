"""Nothing of what is held out may be known."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.ranking import inner
from algorithms.ranking.data import Targets
from algorithms.ranking.splits import split
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


def test_the_inner_split_follows_from_who_is_asked_about() -> None:
    everybody = np.arange(len(INTERACTIONS.clients))
    few = everybody[: len(everybody) // 3]
    assert inner.choose_for_targets(INTERACTIONS, Targets(everybody, everybody * 0)) is inner.split_by_client
    assert inner.choose_for_targets(INTERACTIONS, Targets(few, few * 0)) is inner.split_by_time
