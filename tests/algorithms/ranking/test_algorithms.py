"""Each algorithm finds the structure that it is meant for, the same twice, and the same after it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from algorithms.evaluation.ranking_evaluation import compute_quality, evaluate_cold_items, measure_ranker
from algorithms.ranking import shortlist, state, top, zoo
from algorithms.ranking.candidates import Candidates
from algorithms.ranking.data import NONE, Targets
from algorithms.ranking.inner import choose_like_outer
from algorithms.ranking.splits import split
from algorithms.ranking.top import recommend
from domain.arrays import Floats
from tests.algorithms.ranking.sample_interactions import GROUPS, make_interactions

INTERACTIONS = make_interactions()
DEEP = [name for name in zoo.DEEP if name in zoo.NAMES]
HELD = split(INTERACTIONS, "time:0.8", 1)
ITEMS = np.arange(len(INTERACTIONS.items))


def gain(name: str, how: str = "time:0.8") -> Floats:
    held = HELD if how == "time:0.8" else split(INTERACTIONS, how, 1)
    ranker = zoo.make(name, repeats=False, splits=choose_like_outer(how))
    ranker.fit(held.past, 1)
    return compute_quality(recommend(ranker, held.past, held.targets, 10)[0], held)[1]


@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_saved_algorithm_scores_as_before_and_a_second_fit_too(name: str, tmp_path: Path) -> None:
    first, second, loaded = (zoo.make(name, repeats=True) for _ in range(3))
    first.fit(HELD.past, 7)
    second.fit(HELD.past, 7)
    state.save(tmp_path, first.state())
    loaded.restore(state.load(tmp_path))
    scores = first.scores(HELD.targets, ITEMS)
    assert scores.shape == (len(HELD.targets), len(ITEMS))
    assert np.isfinite(scores).all()
    assert np.array_equal(scores, second.scores(HELD.targets, ITEMS))
    assert np.array_equal(scores, loaded.scores(HELD.targets, ITEMS))
    few = np.array([5, 3, 70])
    assert np.allclose(first.scores(HELD.targets, few), scores[:, few], atol=1e-5)


@pytest.mark.parametrize("name", ["cohorts", "cosine", "ease", "als", "transitions", "hybrid", "words", *DEEP])
def test_taste_is_found(name: str) -> None:
    """Of the ten best, more are of the client's colour than the fourth that chance would give."""
    ranker = zoo.make(name, repeats=False)
    ranker.fit(INTERACTIONS, 1)
    targets = Targets(np.arange(len(INTERACTIONS.clients)), np.full(len(INTERACTIONS.clients), NONE))
    lists, _ = recommend(ranker, INTERACTIONS, targets, 10)
    assert (lists % GROUPS == (targets.client % GROUPS)[:, None]).mean() > 0.4


def test_recent_popularity_beats_that_of_all_time_and_context_helps() -> None:
    assert gain("decayed").mean() > gain("popularity").mean()
    assert gain("recent").mean() > gain("decayed").mean()


@pytest.mark.parametrize("how", ["time:0.8", "leave-last-out"])
def test_stacked_beats_the_best_of_the_others(how: str) -> None:
    stacked = gain("stacked", how).mean()
    assert stacked > 1.03 * max(gain(name, how).mean() for name in ("recent", "ease", "als", "hybrid"))


def test_new_items_are_found_by_their_words() -> None:
    figures = {}
    for name in ("hybrid", "recent"):
        ranker = zoo.make(name, repeats=False)
        ranker.fit(HELD.past, 1)
        figures[name] = evaluate_cold_items(ranker, HELD, 3)
    assert figures["hybrid"]
    assert figures["recent"]
    assert figures["hybrid"]["ndcg"] > 1.5 * figures["recent"]["ndcg"]


def test_nothing_taken_is_listed_again_unless_repeats_are_asked_for() -> None:
    ranker = zoo.make("own", repeats=True)
    ranker.fit(INTERACTIONS, 1)
    targets = Targets(np.arange(50), np.full(50, NONE))
    fresh, _ = recommend(ranker, INTERACTIONS, targets, len(ITEMS))
    again, _ = recommend(ranker, INTERACTIONS, targets, 1, repeats=True)
    for row, client in enumerate(targets.client.tolist()):
        taken = set(INTERACTIONS.item[INTERACTIONS.client == client].tolist())
        listed = [item for item in fresh[row].tolist() if item != NONE]
        assert set(listed) == set(ITEMS.tolist()) - taken
        assert len(set(listed)) == len(listed)
        assert again[row, 0] in taken


def test_costs_and_slices_are_told() -> None:
    figures, _ = measure_ranker(zoo.make("recent", repeats=False), HELD, 10, 1)
    assert figures["ndcg_interval"][0] <= figures["ndcg"] <= figures["ndcg_interval"][1]
    assert figures["recommend_us"] > 0
    assert figures["peak_memory_mb"] > 1
    assert figures["cold_clients"]["asked"] + figures["warm_clients"]["asked"] == len(HELD.targets)


def test_a_shortlist_of_a_large_catalogue_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gain("stacked").mean()
    for module in (shortlist, top):
        monkeypatch.setattr(module, "LARGE", 10)
    monkeypatch.setattr(shortlist, "FRONT", 15)
    assert gain("stacked").mean() > 0.9 * whole


def test_vectors_nearest_to_a_client_are_found_exactly_and_nearly() -> None:
    rng = np.random.default_rng(4)
    groups = rng.normal(size=(20, 16))
    near = groups[rng.integers(0, 20, 5_000)] + 0.5 * rng.normal(size=(5_000, 16))
    items, clients = near.astype(np.float32), groups.astype(np.float32)
    exact, _ = Candidates.of(items).nearest(clients, 10)
    by_hand = np.argsort(-(clients @ items.T), axis=1, kind="stable")[:, :10]
    assert np.array_equal(exact, by_hand)
    approximate = Candidates.of(items, exact=100)
    found, _ = approximate.nearest(clients, 10)
    assert np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(found, exact, strict=True)]) > 0.8
    assert np.array_equal(Candidates.from_state(approximate.state()).nearest(clients, 10)[0], found)
