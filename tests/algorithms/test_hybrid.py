"""The factorisation finds a taste that no word tells, serves without its library, places newcomers by their words."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from algorithms import evaluation
from algorithms.hybrid import Hybrid
from algorithms.popularity import Popularity
from domain.histories import ClientSignals, Quiz
from tests.algorithms.goods import item, shelf, two_tastes

ALL = np.arange(40)


@pytest.fixture(scope="module")
def learnt():
    catalogue, touches, clients = two_tastes()
    model = Hybrid(epochs=30, factors=8)
    model.fit(touches, catalogue, clients, seed=7)
    return model, catalogue, clients


def test_it_beats_popularity_where_tastes_differ():
    catalogue, touches, clients = two_tastes()
    held = evaluation.split(touches, catalogue, clients, seed=1)
    model, popular = Hybrid(epochs=30, factors=8), Popularity()
    model.fit(held.past, catalogue, clients, seed=7)
    popular.fit(held.past, catalogue, clients, seed=7)
    found = evaluation.quality(
        lambda *asked: {"hybrid": model.scores(*asked), "popularity": popular.scores(*asked)}, held, catalogue
    )
    assert found["hybrid"]["ndcg@10"] > 1.3 * found["popularity"]["ndcg@10"]
    assert found["hybrid"]["recall@10"] > 1.3 * found["popularity"]["recall@10"]


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    catalogue, touches, clients = two_tastes(clients=20)
    models = []
    for seed in (5, 5, 6):
        model = Hybrid(epochs=3, factors=4)
        model.fit(touches, catalogue, clients, seed)
        models.append(model)
    np.testing.assert_array_equal(models[0].vectors, models[1].vectors)
    assert not np.array_equal(models[0].vectors, models[2].vectors)


def test_scores_lie_in_their_range_and_nobody_known_scores_nothing(learnt):
    model, _, clients = learnt
    scores = model.scores(clients["c3"], ALL, 0.0)
    assert scores.max() == 1.0
    assert scores.min() > 0.0
    assert model.scores(ClientSignals("nobody"), ALL, 0.0).tolist() == [0.0] * 40
    assert model.scores(clients["c3"], ALL[:0], 0.0).tolist() == []


def test_what_is_saved_scores_the_same_after_loading(learnt, tmp_path):
    model, catalogue, clients = learnt
    model.save(tmp_path, catalogue)
    again = Hybrid.load(tmp_path, catalogue)
    for who in ("c0", "c1", "c77"):
        assert again.scores(clients[who], ALL, 0.0) == pytest.approx(model.scores(clients[who], ALL, 0.0), rel=1e-5)


def test_serving_needs_neither_the_library_nor_arrays_in_memory(learnt, tmp_path):
    model, catalogue, _ = learnt
    model.save(tmp_path, catalogue)
    code = f"""
import sys
from pathlib import Path
from algorithms.hybrid import Hybrid
from domain.histories import ClientSignals
from tests.algorithms.goods import two_tastes
import numpy as np
catalogue = two_tastes()[0]
model = Hybrid.load(Path({str(tmp_path)!r}), catalogue)
assert model.scores(ClientSignals("c3"), np.arange(40), 0.0).max() == 1.0
assert isinstance(model.clients.arrays["own"], np.memmap)
print([name for name in sys.modules if name.split(".")[0] in ("lightfm", "scipy", "sklearn")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_newcomers_are_placed_by_their_words(tmp_path):
    """Vips buy red and others navy; a vip who came today gets the red item that came today."""
    catalogue, touches, _ = two_tastes(clients=60)
    items = tuple(i.model_copy(update={"colour": "red" if n < 20 else "navy"}) for n, i in enumerate(catalogue.items))
    told = shelf(*items)
    clients = {f"c{n}": ClientSignals(f"c{n}", tags=("vip" if n % 2 == 0 else "plain",)) for n in range(60)}
    model = Hybrid(epochs=30, factors=8)
    model.fit(touches, told, clients, seed=7)
    model.save(tmp_path, told)
    later = shelf(
        item("red-today", colour="red"), item("navy-today", colour="navy"), item("wordless", category="?", colour="")
    )
    served = Hybrid.load(tmp_path, later)
    vip, plain_ = ClientSignals("new1", tags=("vip",)), ClientSignals("new2", tags=("plain",))
    assert served.scores(vip, np.arange(3), 0.0).argmax() == 0
    assert served.scores(plain_, np.arange(3), 0.0).argmax() == 1
    assert served.scores(ClientSignals("new3", quiz=Quiz(styles=("unheard",))), np.arange(3), 0.0).max() == 0.0
