"""What the networks learn from, that they find it, and that they serve without what they learn with."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from algorithms.evaluation.ranking_evaluation import compute_quality
from algorithms.ranking import deep, state, zoo
from algorithms.ranking.data import NONE, FeatureMatrix, RankingAlgorithm, Targets
from algorithms.ranking.examples import BATCH, Batch, Examples, stack_item_signals
from algorithms.ranking.splits import split
from algorithms.ranking.stacked import Stacked
from algorithms.ranking.top import recommend
from algorithms.ranking.two_tower import TwoTower
from algorithms.ranking.wide_deep import WideDeep
from errors import BadInput
from tests.algorithms.ranking.sample_interactions import GROUPS, make_interactions

INTERACTIONS = make_interactions()
HELD = split(INTERACTIONS, "time:0.8", 1)
EXAMPLES = Examples(INTERACTIONS)


@pytest.fixture(scope="module", params=[TwoTower, WideDeep])
def learnt(request: pytest.FixtureRequest) -> RankingAlgorithm:
    pytest.importorskip("jax")
    network: RankingAlgorithm = request.param()
    network.fit(HELD.past, 1)
    return network


def batch() -> Batch:
    return next(EXAMPLES.iterate_batches(np.random.default_rng(2)))


def test_a_history_is_the_clients_own_without_the_item_asked_for() -> None:
    examples = batch()
    assert len(examples.item) == BATCH
    for row, client in enumerate(examples.client.tolist()):
        taken = set(INTERACTIONS.item[INTERACTIONS.client == client].tolist())
        drawn = examples.history[row][examples.there[row] > 0]
        assert set(drawn.tolist()) <= taken - {int(examples.item[row])}
    assert 0.02 < (examples.there.sum(axis=1) == 0).mean() < 0.3  # some are met as if they were new
    assert 0.02 < (examples.known == 0).mean() < 0.3


def test_popularity_is_that_of_before_the_interaction() -> None:
    for window in range(len(EXAMPLES.trends)):
        begun = EXAMPLES.interactions.at[EXAMPLES.window >= window].min()
        assert np.allclose(
            EXAMPLES.trends[window], stack_item_signals(INTERACTIONS.part(INTERACTIONS.at < begun)), atol=1e-5
        )


def test_the_likelihood_is_that_among_what_others_took() -> None:
    pytest.importorskip("jax")
    logits = np.array([[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    examples = batch()._replace(client=np.array([7, 8, 9, 7]), item=np.array([1, 2, 1, 3]))
    likelihood = np.asarray(deep.log_likelihood(logits, examples))
    by_hand = [np.log(1 / (1 + np.e)), np.log(1 / (np.e + 3)), np.log(np.e**2 / (np.e**2 + 2)), np.log(1 / 3)]
    assert np.allclose(likelihood, by_hand, atol=1e-5)


def test_a_network_beats_popularity_for_clients_it_knows_and_for_new_ones(learnt: RankingAlgorithm) -> None:
    def gain(made: RankingAlgorithm) -> np.ndarray:
        return compute_quality(recommend(made, HELD.past, HELD.targets, 10)[0], HELD)[1]

    recent = zoo.make("recent", repeats=False)
    recent.fit(HELD.past, 1)
    warm = HELD.past.warm[HELD.targets.client]
    for group in (warm, ~warm):
        assert gain(learnt)[group].mean() > 1.2 * gain(recent)[group].mean()


def test_clients_met_later_are_told_by_their_items_and_nobody_learnt_from_is_kept(learnt: RankingAlgorithm) -> None:
    items, shares = np.arange(len(INTERACTIONS.items)), []
    for taste in range(GROUPS):
        few = np.flatnonzero((HELD.past.client % GROUPS == taste) & (HELD.past.item % GROUPS == taste))[:6]
        one = replace(
            HELD.past.part(few), client=np.zeros(6, np.int64), clients=("late",), client_words=FeatureMatrix.none(1)
        )
        scores = learnt.fold_in_users(one).scores(Targets(np.array([0]), np.array([NONE])), items)[0]
        shares.append((np.argsort(-scores)[:10] % GROUPS == taste).mean())
    assert np.mean(shares) > 0.4
    nobody = replace(HELD.past.part(np.zeros(0, np.int64)), clients=(), client_words=FeatureMatrix.none(0))
    kept = learnt.fold_in_users(nobody).state()
    assert not any(getattr(value, "shape", (0,))[0] == len(INTERACTIONS.clients) for value in kept.values())


def test_an_item_that_came_since_stands_by_its_words(learnt: RankingAlgorithm) -> None:
    fresh = type(learnt)()
    fresh.restore(learnt.state())
    fresh.add_items(FeatureMatrix.of([(f"colour:{colour}",) for colour in range(GROUPS)] + [("colour:unheard",)]))
    new = len(INTERACTIONS.items) + np.arange(GROUPS)
    targets = Targets(np.arange(len(INTERACTIONS.clients)), np.full(len(INTERACTIONS.clients), NONE))
    scores = fresh.scores(targets, np.append(new, len(INTERACTIONS.items) + GROUPS))
    assert np.isfinite(scores).all()
    assert (scores[:, :GROUPS].argmax(axis=1) == targets.client % GROUPS).mean() > 0.7


def test_stacked_weighs_a_network_where_there_is_enough_to_learn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("jax")
    monkeypatch.setattr("algorithms.ranking.signals.ENOUGH", len(HELD.past) // 2)
    stacked, loaded = Stacked(), Stacked()
    told: list[str] = []
    stacked.progress = told.append
    stacked.fit(HELD.past, 1)
    assert {"window 1 of 2: learning als", "window 2 of 2: learning words", "all: learning ease"} <= {*told}
    assert any(line.startswith("all: network, epoch 2 of ") for line in told)
    assert all(weights["towers"] > 0 for weights in stacked.weights.values())
    state.save(tmp_path, stacked.state())
    loaded.restore(state.load(tmp_path))
    items = np.arange(len(INTERACTIONS.items))
    scores = stacked.scores(HELD.targets, items)
    assert np.array_equal(loaded.scores(HELD.targets, items), scores)
    assert np.allclose(stacked.fold_in_users(HELD.past).scores(HELD.targets, items), scores, atol=1e-5)
    loaded.add_items(FeatureMatrix.of([("colour:1",)]))
    wider = loaded.fold_in_users(replace(HELD.past, items=(*INTERACTIONS.items, "late")))
    assert np.isfinite(wider.scores(HELD.targets, np.append(items, len(items)))).all()


@pytest.mark.parametrize("name", zoo.DEEP)
def test_no_interactions_are_no_error(name: str) -> None:
    made = zoo.DEEP[name]()
    made.fit(INTERACTIONS.part(np.zeros(0, np.int64)), 1)
    assert np.isfinite(made.scores(Targets(np.array([0]), np.array([NONE])), np.arange(3))).all()


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(BadInput, match=r"pip install 'selvedge\[deep\]'"):
        TwoTower().fit(INTERACTIONS, 1)
    code = "import sys; sys.modules['jax'] = None; from algorithms.ranking import zoo; "
    code += "print(zoo.NAMES); zoo.make('wide-deep', False)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "two-tower" not in ended.stdout
    assert "wide-deep needs JAX and Optax: pip install 'selvedge[deep]'" in ended.stderr
