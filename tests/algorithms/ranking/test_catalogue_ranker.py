"""The algorithms in the product: they answer about clients as they are now and a catalogue that moved on, and keep no
client."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from algorithms.blending import evaluation
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.trend import Trend
from algorithms.ranking import catalogue_ranker, shortlist, zoo
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from algorithms.ranking.data import NONE, FeatureMatrix, Targets
from algorithms.ranking.splits import split
from domain.arrays import Floats
from domain.histories import ClientSignals, Interaction, WeightedInteractions
from errors import BadInput
from tests.algorithms.goods import NOW, item, shelf, touch, two_tastes
from tests.algorithms.ranking.sample_interactions import make_interactions

ALL = np.arange(40)
NAMES = (*zoo.PLAIN, zoo.STACKED)
DEEP = [name for name in zoo.DEEP if name in zoo.NAMES]
HISTORIES = ("cosine", "transitions", "ease", "als", "hybrid", "stacked")
"""They tell the tastes of `two_tastes`, which no word tells."""


@pytest.fixture(scope="module")
def shop() -> tuple[Catalogue, WeightedInteractions, dict[str, ClientSignals]]:
    return two_tastes()


@pytest.fixture(scope="module")
def learnt(shop: Any) -> dict[str, CatalogueRanker]:
    catalogue, touches, clients = shop
    models = {name: CatalogueRanker(name) for name in NAMES}
    for model in models.values():
        model.fit(touches, catalogue, clients, seed=7)
    return models


def score_candidates(model: CatalogueRanker, client: ClientSignals, among: Any = ALL) -> Floats:
    return model.scores(client, among, NOW.timestamp())


def build_client(*places: int, kind: str = "order_placed") -> ClientSignals:
    return ClientSignals("came-today", touches=tuple(touch(f"i{n:02}", kind, days_ago=0.1) for n in places))


@pytest.mark.parametrize("name", HISTORIES)
def test_it_beats_what_is_popular_where_tastes_differ(name: str, shop: Any) -> None:
    catalogue, touches, clients = shop
    held = evaluation.split(touches, catalogue, clients, seed=1)
    model, trend = CatalogueRanker(name), Trend.of(held.past, catalogue, clients)
    model.fit(held.past, catalogue, clients, seed=7)
    found = evaluation.evaluate_quality(
        lambda *of: {"model": model.scores(*of), "trend": trend.scores(*of[:2])}, held, catalogue
    )
    assert found["model"]["ndcg@10"] > 1.2 * found["trend"]["ndcg@10"]


@pytest.mark.parametrize("name", NAMES)
def test_scores_lie_in_their_range_and_everybody_has_some(name: str, learnt: dict[str, CatalogueRanker]) -> None:
    for client in (ClientSignals("nobody"), build_client(1), ClientSignals("c", touches=(touch("gone"),))):
        scores = score_candidates(learnt[name], client)
        assert scores.max() == 1.0
        assert scores.min() >= 0.0
        assert np.isfinite(scores).all()
    assert score_candidates(learnt[name], build_client(1), ALL[:0]).tolist() == []


@pytest.mark.parametrize("name", HISTORIES)
def test_a_client_who_came_after_the_training_is_known_by_what_they_did_since(
    name: str, learnt: dict[str, CatalogueRanker]
) -> None:
    first, second = (score_candidates(learnt[name], build_client(*items)) for items in ((1, 3, 5, 7), (21, 23, 25, 27)))
    assert first[8:20].mean() > 1.2 * first[28:].mean()
    assert second[28:].mean() > 1.2 * second[8:20].mean()


@pytest.mark.parametrize("name", HISTORIES)
def test_a_client_of_the_training_who_changed_is_known_as_they_are_now(
    name: str, learnt: dict[str, CatalogueRanker]
) -> None:
    """c0 bought of the first taste, and is asked about with other touches."""
    now = replace(build_client(21, 23, 25, 27), client_id="c0")
    assert np.array_equal(
        score_candidates(learnt[name], now), score_candidates(learnt[name], build_client(21, 23, 25, 27))
    )


def test_what_came_back_says_nothing(learnt: dict[str, CatalogueRanker]) -> None:
    back = build_client(1, 21).touches + build_client(21, kind="order_returned").touches
    model = learnt["stacked"]
    assert np.array_equal(
        score_candidates(model, ClientSignals("c", touches=back)), score_candidates(model, build_client(1))
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept_without_clients_and_serves_a_catalogue_that_moved_on(
    name: str, shop: Any, learnt: dict[str, CatalogueRanker], tmp_path: Path
) -> None:
    catalogue, _, _ = shop
    learnt[name].save(tmp_path)
    moved = shelf(item("fresh"), *reversed(catalogue.items[1:]))
    loaded = CatalogueRanker.load(name, tmp_path, moved)
    for client in (build_client(1, 3, 5), ClientSignals("nobody")):
        before, after = (
            score_candidates(learnt[name], client, ALL[1:]),
            score_candidates(loaded, client, np.arange(1, 40)),
        )
        np.testing.assert_allclose(after, before[::-1], rtol=1e-3, atol=1e-6)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [client_id for client_id in ("c7", "c77", "c119") if f'"{client_id}"'.encode() in kept]


def test_newcomers_are_placed_by_their_words(tmp_path: Path) -> None:
    """Vips buy red and others navy; a vip who came today gets the red item that came today."""
    catalogue, touches, _ = two_tastes(clients=60)
    items = tuple(i.model_copy(update={"colour": "red" if n < 20 else "navy"}) for n, i in enumerate(catalogue.items))
    clients = {f"c{n}": ClientSignals(f"c{n}", tags=("vip" if n % 2 == 0 else "plain",)) for n in range(60)}
    later = shelf(item("red-today", colour="red"), item("navy-today", colour="navy"))
    for name in ("words", "hybrid", "stacked"):
        model = CatalogueRanker(name)
        model.fit(touches, shelf(*items), clients, seed=7)
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
        loaded = CatalogueRanker.load(name, tmp_path / name, later)
        for tag, best in (("vip", 0), ("plain", 1)):
            assert score_candidates(loaded, ClientSignals("new", tags=(tag,)), np.arange(2)).argmax() == best
        liked = ClientSignals("new", touches=(Interaction("navy-today", "order_placed", NOW.timestamp()),))
        assert score_candidates(loaded, liked, np.arange(2)).argmax() == 1  # a touch of a new item says something too


@pytest.mark.parametrize("name", ["hybrid", "words", "stacked", "recent", "ease", "own", *DEEP])
def test_an_item_that_came_since_counts_as_one_that_nobody_took(name: str) -> None:
    """The same log, with an item in the end that is known at the learning or not."""
    interactions = make_interactions()
    targets = Targets(np.arange(50), np.full(50, NONE))
    names = [
        ("colour:1",) if n == len(interactions.items) else (f"colour:{n % 4}",)
        for n in range(len(interactions.items) + 1)
    ]
    extended = replace(interactions, items=(*interactions.items, "late"), item_words=FeatureMatrix.of(names))
    early, since = zoo.make(name, repeats=False), zoo.make(name, repeats=False)
    early.fit(extended, 1)
    since.fit(interactions, 1)
    since.add_items(FeatureMatrix.of([("colour:1",)]))
    both = [
        np.argsort(-ranker.scores(targets, np.arange(81)), axis=1) for ranker in (early, since.fold_in_users(extended))
    ]
    places = [np.argmax(order == 80, axis=1).mean() for order in both]
    assert places[0] == pytest.approx(places[1], abs=6)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_meeting_those_learnt_from_changes_little(name: str) -> None:
    """Only vectors that were learnt with a client, and not from what they took, may differ."""
    held = split(make_interactions(), "time:0.8", 1)
    trained = zoo.make(name, repeats=True)
    trained.fit(held.past, 1)
    folded = trained.fold_in_users(held.past)
    known, again = (ranker.scores(held.targets, np.arange(80)) for ranker in (trained, folded))
    if name in {"hybrid", *zoo.DEEP}:
        alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(known, again, strict=True)]
        assert np.median(alike) > 0.7
    else:
        np.testing.assert_allclose(again, known, atol=1e-5)


def test_a_large_catalogue_is_scored_by_a_shortlist(shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (shortlist, catalogue_ranker):
        monkeypatch.setattr(module, "LARGE", 10)
    monkeypatch.setattr(shortlist, "FRONT", 5)
    monkeypatch.setattr(shortlist, "NEAR", 5)
    catalogue, touches, clients = shop
    model = CatalogueRanker("stacked")
    model.fit(touches, catalogue, clients, seed=7)
    model.save(tmp_path)
    loaded = CatalogueRanker.load("stacked", tmp_path, shelf(*catalogue.items, item("fresh")))
    scores = score_candidates(loaded, build_client(1, 3, 5, 7), np.arange(41))
    assert 5 <= (scores > 0).sum() < 25
    assert scores[40] > 0  # what came since is looked at
    assert scores[:20].max() == 1.0


@pytest.mark.parametrize("name", ["stacked", "hybrid", "words", "als"])
def test_a_folder_that_is_broken_in_any_way_does_not_serve(name: str, shop: Any, learnt: Any, tmp_path: Path) -> None:
    """Of a shorter or longer array, one of no numbers, or none, each algorithm makes another error, or none at all."""
    learnt[name].save(tmp_path)
    for path in sorted(array_path for array_path in tmp_path.rglob("*.npy") if np.load(array_path).size):
        content = path.read_bytes()
        for harm in (lambda array: np.full(array.shape, np.nan), lambda array: array.ravel()[0], None):
            path.unlink() if harm is None else np.save(path, harm(np.load(path)))
            with contextlib.suppress(OSError):
                model = CatalogueRanker.load(name, tmp_path, shop[0])
                assert np.isfinite(score_candidates(model, build_client(0, 1))).all(), path.name
            path.write_bytes(content)


def test_the_old_name_of_stacked_is_still_accepted(
    shop: Any, learnt: dict[str, CatalogueRanker], tmp_path: Path
) -> None:
    """Commands, settings and artefacts of earlier releases say `champion`."""
    learnt["stacked"].save(tmp_path)
    loaded = CatalogueRanker.load("champion", tmp_path, shop[0])
    assert loaded.name == CatalogueRanker("champion").name == zoo.STACKED
    np.testing.assert_allclose(
        score_candidates(loaded, build_client(1)), score_candidates(learnt["stacked"], build_client(1)), rtol=1e-3
    )
    assert zoo.parse_names("champion, recent,stacked") == ("stacked", "recent")
    assert zoo.require_name("champion", "algorithm") == "stacked"


def test_there_is_no_ranker_of_another_name() -> None:
    with pytest.raises(BadInput, match="algorithm: no ranker 'deep'; there are popularity"):
        CatalogueRanker("deep")


def test_a_log_of_one_client_is_read_as_one_of_many() -> None:
    interactions = make_interactions()
    alone = interactions.part(interactions.client == 5)
    words = FeatureMatrix.of([("taste:1",)])
    person = replace(
        alone, clients=("x",), client=alone.client * 0, item_words=FeatureMatrix.none(0), client_words=words
    )
    model = zoo.make("stacked", repeats=False)
    model.fit(interactions, 1)
    one = model.fold_in_users(person).scores(Targets(np.zeros(1, np.int64), np.full(1, NONE)), np.arange(80))
    many = model.scores(Targets(np.full(1, 5), np.full(1, NONE)), np.arange(80))
    assert one == pytest.approx(many, abs=1e-4)


def test_stacked_says_what_speaks_for_an_item(learnt: dict[str, CatalogueRanker]) -> None:
    """Of the first taste because of what was bought of it; nothing is said where nothing is known."""
    client = build_client(1, 3, 5, 7)
    best = [
        f"i{place:02}"
        for place in np.argsort(-score_candidates(learnt["stacked"], client)).tolist()
        if place not in {1, 3, 5, 7}
    ]
    reasons = learnt["stacked"].reasons(client, best[:5])
    assert {reason.kind for reason in reasons.values()} == {"history"}
    assert {reason.liked for reason in reasons.values()} <= {"i01", "i03", "i05", "i07"}
    assert {reason.kind for reason in learnt["stacked"].reasons(ClientSignals("x"), best[:5]).values()} <= {"popular"}
    assert learnt["stacked"].reasons(client, ["unheard"]) == learnt["als"].reasons(client, best) == {}


def test_clients_alike_are_a_reason() -> None:
    catalogue, touches, _ = two_tastes(clients=60)
    clients = {f"c{n}": ClientSignals(f"c{n}", tags=("vip" if n % 2 == 0 else "plain",)) for n in range(60)}
    model = CatalogueRanker("stacked")
    model.fit(touches, catalogue, clients, seed=7)
    reasons = model.reasons(ClientSignals("new", tags=("vip",)), ["i00", "i20"])
    assert reasons["i00"].kind == "cohort"
    assert "i20" not in reasons or reasons["i20"].kind != "cohort"


def test_few_words_of_clients_are_learnt_however_many_there_are() -> None:
    """A network trains as many vectors as there are words: a word for every client would cost the square of them."""
    described = [("all", "half" if k % 2 else "other", f"own {k}", "pair" if k < 2 else "few") for k in range(9)]
    words = FeatureMatrix.of(described)
    shared = words.keep_shared(3, 100)
    assert {*shared.names} == {"all", "half", "other", "few"}
    assert np.diff(shared.start).tolist() == [2, 2, 3, 3, 3, 3, 3, 3, 3]
    columns = {name: index for index, name in enumerate(shared.names)}
    assert (words.within(columns) != shared.matrix()).nnz == 0
    assert words.keep_shared(3, 2).names == ("all", "few")
    assert len(FeatureMatrix.none(3).keep_shared(3, 2)) == 3
