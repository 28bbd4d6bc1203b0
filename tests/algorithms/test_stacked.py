"""The champion in the product: it learns from the store's arrays, and serves a catalogue that has moved on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from algorithms import builtin, evaluation
from algorithms.popularity import Popularity
from domain.histories import ClientSignals
from tests.algorithms.goods import item, shelf, two_tastes

ALL = np.arange(40)


@pytest.fixture(scope="module")
def learnt():
    catalogue, touches, clients = two_tastes()
    model = builtin.make("champion")
    model.fit(touches, catalogue, clients, seed=7)
    return model, catalogue, clients


def test_it_beats_popularity_where_tastes_differ():
    catalogue, touches, clients = two_tastes()
    held = evaluation.split(touches, catalogue, clients, seed=1)
    model, popular = builtin.make("champion"), Popularity()
    model.fit(held.past, catalogue, clients, seed=7)
    popular.fit(held.past, catalogue, clients, seed=7)
    found = evaluation.quality(
        lambda *asked: {"champion": model.scores(*asked), "popularity": popular.scores(*asked)}, held, catalogue
    )
    assert found["champion"]["ndcg@10"] > 1.3 * found["popularity"]["ndcg@10"]


def test_scores_lie_in_their_range_and_nobody_known_scores_nothing(learnt):
    model, _, clients = learnt
    scores = model.scores(clients["c3"], ALL, 0.0)
    assert scores.max() == 1.0
    assert scores.min() > 0.0
    assert model.scores(ClientSignals("nobody"), ALL, 0.0).tolist() == [0.0] * 40
    assert model.scores(clients["c3"], ALL[:0], 0.0).tolist() == []


def test_it_is_kept_and_serves_a_catalogue_that_moved_on(learnt, tmp_path: Path):
    model, catalogue, clients = learnt
    model.save(tmp_path, catalogue)
    moved = shelf(item("fresh"), *reversed(catalogue.items))
    loaded = builtin.load("champion", tmp_path, moved)
    before = model.scores(clients["c3"], ALL, 0.0)
    after = loaded.scores(clients["c3"], np.arange(1, 41), 0.0)
    np.testing.assert_allclose(after, before[::-1], rtol=1e-4)
    with_fresh = loaded.scores(clients["c3"], np.arange(41), 0.0)
    assert with_fresh[0] == with_fresh.min()
