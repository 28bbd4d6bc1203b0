"""Nothing of what is held out may be known."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.ranking import inner
from algorithms.ranking.data import Asked
from algorithms.ranking.splits import split
from errors import BadInput
from tests.algorithms.ranking.logs import BEGIN, made_up

LOG = made_up()


def test_a_time_split_learns_from_what_came_before() -> None:
    held = split(LOG, "time:0.8", 1)
    assert len(held.past) == pytest.approx(0.8 * len(LOG), abs=2)
    later = LOG.at > held.past.at.max()
    assert set(held.asked.client.tolist()) <= set(LOG.client[later].tolist())


def test_a_day_is_learnt_from_to_its_end() -> None:
    held = split(LOG, "time:2026-04-10", 1)
    end = BEGIN + 100 * 86_400
    assert held.past.at.max() < end
    assert len(held.past) == int((LOG.at < end).sum())


def test_the_last_of_each_client_is_left_out_and_was_new_to_them() -> None:
    held = split(LOG, "leave-last-out", 1)
    assert held.wanted.sum() == len(held.asked)
    assert len(np.unique(held.asked.client)) == len(held.asked)
    for client, wanted in zip(held.asked.client[:50].tolist(), held.wanted.indices[:50].tolist(), strict=True):
        mine = LOG.client == client
        assert wanted == LOG.item[mine][-1]
        assert wanted not in LOG.item[mine][:-1]


def test_with_repeats_what_was_taken_before_is_asked_for_too() -> None:
    assert split(LOG, "random:0.4", 1, repeats=True).wanted.nnz > split(LOG, "random:0.4", 1).wanted.nnz


@pytest.mark.parametrize(
    "how", ["time:2", "time:2026-02-30", "random", "leave-one-out", "leave-last-out:3", "random:x"]
)
def test_a_split_that_is_none_is_refused(how: str) -> None:
    with pytest.raises(BadInput, match="split"):
        split(LOG, how, 1)


def test_the_inner_split_follows_from_who_is_asked_about() -> None:
    everybody = np.arange(len(LOG.clients))
    few = everybody[: len(everybody) // 3]
    assert inner.fitting(LOG, Asked(everybody, everybody * 0)) is inner.by_client
    assert inner.fitting(LOG, Asked(few, few * 0)) is inner.by_time
