"""Outfit affinity: what it learns, what it answers, what it keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from algorithms.evaluation.bundles.evaluation import evaluate
from algorithms.evaluation.bundles.learning import fit_affinity, select_bundles
from algorithms.evaluation.bundles.model import FILE, LIKENESSES, Affinity, ItemVectors, score_affinity
from algorithms.evaluation.bundles.texts import Vocabulary, split_category, words
from errors import BadInput
from tests.algorithms.evaluation.bundles.outfits import OFTEN, bundles, goods

GOODS = goods()
BUNDLES = bundles(GOODS)


@pytest.fixture(scope="module")
def model() -> Affinity:
    return fit_affinity(ItemVectors.of(GOODS), BUNDLES)


def test_the_style_of_the_box_is_found_and_what_was_bundled_before_beats_words(model: Affinity) -> None:
    linen = [item_id for item_id, title in zip(GOODS.ids, GOODS.titles, strict=True) if " linen " in title]
    others = [item_id for item_id, title in zip(GOODS.ids, GOODS.titles, strict=True) if " wool " in title]
    scores = score_affinity(model, linen[:2], [*linen[2:], *others])
    assert scores[: len(linen) - 2].min() > scores[len(linen) - 2 :].max()
    often = score_affinity(model, OFTEN[:1], GOODS.ids)
    often[GOODS.index[OFTEN[0]]] = -np.inf
    assert GOODS.ids[int(often.argmax())] == OFTEN[1]


def test_an_intent_alone_says_something(model: Affinity) -> None:
    best = model.select_best(np.zeros(0, np.int64), 5, "something in velvet")
    assert all("velvet" in GOODS.titles[GOODS.index[item_id]] for item_id, _ in best)


def test_unknown_ids_are_passed_over(model: Affinity) -> None:
    known = score_affinity(model, ["boot16"], ["dress03", "scarf05"])
    assert score_affinity(model, ["boot16", "gone"], ["dress03", "new", "scarf05"]).tolist() == [
        known[0],
        0.0,
        known[1],
    ]
    assert score_affinity(model, ["gone"], ["new"]).tolist() == [0.0]
    assert score_affinity(model, [], []).shape == (0,)


def test_what_is_kept_answers_the_same_and_stands_items_that_come_and_go(model: Affinity, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = Affinity.load(tmp_path, GOODS)
    box, asked = GOODS.ids[4:6], GOODS.ids[10:60]
    assert score_affinity(again, box, asked).tolist() == pytest.approx(score_affinity(model, box, asked).tolist())
    fewer = goods(90)
    assert np.isfinite(score_affinity(Affinity.load(tmp_path, fewer), fewer.ids[4:6], fewer.ids)).all()
    (tmp_path / FILE).write_text('{"weights": {}}')
    with pytest.raises(BadInput, match="holds no affinity"):
        Affinity.load(tmp_path, GOODS)


def test_the_hidden_item_is_found_more_often_than_by_titles_and_a_seed_is_a_figure() -> None:
    done: list[int] = []
    report = evaluate(ItemVectors.of(GOODS), BUNDLES, k=5, folds=2, more=done.append)
    assert report["algorithms"]["affinity"]["over_titles_interval"][0] > 0
    assert sum(done) == report["bundles"] == len(BUNDLES.members)
    assert report == evaluate(ItemVectors.of(GOODS), BUNDLES, k=5, folds=2)


def test_nothing_is_found_where_bundles_are_made_by_chance() -> None:
    rng = np.random.default_rng(3)
    chance = type(BUNDLES)(tuple(rng.choice(240, 3, replace=False) for _ in range(100)), ("",) * 100)
    found = evaluate(ItemVectors.of(GOODS), chance, k=24, folds=2)["algorithms"]["affinity"]
    assert found["hit_rate"] == pytest.approx(0.1, abs=0.05)


def test_titles_are_compared_as_tf_idf_is_defined() -> None:
    texts = [["red", "boot", "boot"], ["red", "scarf"], ["blue", "scarf"]]
    vectors = Vocabulary.of(texts).vectorise([*texts, ["unknown"], []]).toarray()
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 1, 1, 0, 0])
    rare, common = 1 + np.log(4 / 2), 1 + np.log(4 / 3)
    assert vectors[0, :2].tolist() == pytest.approx(list(np.array([common, 2 * rare]) / np.hypot(common, 2 * rare)))


def test_categories_share_the_steps_of_their_paths() -> None:
    assert split_category("Women > Shoes > Boots") == ["women", "women > shoes", "women > shoes > boots"]
    nested = split_category("[[Clothing, Shoes & Jewelry,Women,Shoes],[Clothing, Shoes & Jewelry,Men]]")
    assert nested[0] == "clothing, shoes & jewelry"
    assert nested[-1] == "clothing, shoes & jewelry > men"
    assert split_category("") == []
    assert words("Jean&quot;s 2 Zip-Up") == ["jean", "zip", "up"]


def test_too_few_bundles_are_refused() -> None:
    with pytest.raises(BadInput):
        fit_affinity(ItemVectors.of(GOODS), select_bundles(BUNDLES, np.arange(19)))


def test_likenesses_are_named_in_order(model: Affinity) -> None:
    rows = model.item_vectors.compute_likenesses(model.together, np.array([0]), np.array([0, 77]), "knitted scarf")
    assert dict(zip(LIKENESSES, rows[0], strict=True))["first_word"] == 1.0
    assert rows[1, LIKENESSES.index("bundled")] == pytest.approx(np.log1p(10))
    assert rows[1, LIKENESSES.index("intent")] > rows[0, LIKENESSES.index("intent")]
