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
from algorithms.ranking import served, shortlist, zoo
from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log
from algorithms.ranking.served import Served
from algorithms.ranking.splits import split
from domain.arrays import Floats
from domain.histories import ClientSignals, Interaction, Interactions
from errors import BadInput
from tests.algorithms.goods import NOW, item, shelf, touch, two_tastes
from tests.algorithms.ranking.logs import made_up

ALL = np.arange(40)
NAMES = (*zoo.PLAIN, zoo.CHAMPION)
DEEP = [name for name in zoo.DEEP if name in zoo.NAMES]
HISTORIES = ("cosine", "transitions", "ease", "als", "hybrid", "champion")
"""They tell the tastes of `two_tastes`, which no word tells."""


@pytest.fixture(scope="module")
def shop() -> tuple[Catalogue, Interactions, dict[str, ClientSignals]]:
    return two_tastes()


@pytest.fixture(scope="module")
def learnt(shop: Any) -> dict[str, Served]:
    catalogue, touches, clients = shop
    models = {name: Served(name) for name in NAMES}
    for model in models.values():
        model.fit(touches, catalogue, clients, seed=7)
    return models


def asked(model: Served, client: ClientSignals, among: Any = ALL) -> Floats:
    return model.scores(client, among, NOW.timestamp())


def who_took(*places: int, kind: str = "order_placed") -> ClientSignals:
    return ClientSignals("came-today", touches=tuple(touch(f"i{n:02}", kind, days_ago=0.1) for n in places))


@pytest.mark.parametrize("name", HISTORIES)
def test_it_beats_what_is_popular_where_tastes_differ(name: str, shop: Any) -> None:
    catalogue, touches, clients = shop
    held = evaluation.split(touches, catalogue, clients, seed=1)
    model, trend = Served(name), Trend.of(held.past, catalogue, clients)
    model.fit(held.past, catalogue, clients, seed=7)
    found = evaluation.quality(
        lambda *of: {"model": model.scores(*of), "trend": trend.scores(*of[:2])}, held, catalogue
    )
    assert found["model"]["ndcg@10"] > 1.2 * found["trend"]["ndcg@10"]


@pytest.mark.parametrize("name", NAMES)
def test_scores_lie_in_their_range_and_everybody_has_some(name: str, learnt: dict[str, Served]) -> None:
    for client in (ClientSignals("nobody"), who_took(1), ClientSignals("c", touches=(touch("gone"),))):
        scores = asked(learnt[name], client)
        assert scores.max() == 1.0
        assert scores.min() >= 0.0
        assert np.isfinite(scores).all()
    assert asked(learnt[name], who_took(1), ALL[:0]).tolist() == []


@pytest.mark.parametrize("name", HISTORIES)
def test_a_client_who_came_after_the_training_is_known_by_what_they_did_since(
    name: str, learnt: dict[str, Served]
) -> None:
    first, second = (asked(learnt[name], who_took(*some)) for some in ((1, 3, 5, 7), (21, 23, 25, 27)))
    assert first[8:20].mean() > 1.2 * first[28:].mean()
    assert second[28:].mean() > 1.2 * second[8:20].mean()


@pytest.mark.parametrize("name", HISTORIES)
def test_a_client_of_the_training_who_changed_is_known_as_they_are_now(name: str, learnt: dict[str, Served]) -> None:
    """c0 bought of the first taste, and is asked about with other touches."""
    now = replace(who_took(21, 23, 25, 27), client_id="c0")
    assert np.array_equal(asked(learnt[name], now), asked(learnt[name], who_took(21, 23, 25, 27)))


def test_what_came_back_says_nothing(learnt: dict[str, Served]) -> None:
    back = who_took(1, 21).touches + who_took(21, kind="order_returned").touches
    model = learnt["champion"]
    assert np.array_equal(asked(model, ClientSignals("c", touches=back)), asked(model, who_took(1)))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept_without_clients_and_serves_a_catalogue_that_moved_on(
    name: str, shop: Any, learnt: dict[str, Served], tmp_path: Path
) -> None:
    catalogue, _, _ = shop
    learnt[name].save(tmp_path)
    moved = shelf(item("fresh"), *reversed(catalogue.items[1:]))
    loaded = Served.load(name, tmp_path, moved)
    for client in (who_took(1, 3, 5), ClientSignals("nobody")):
        before, after = asked(learnt[name], client, ALL[1:]), asked(loaded, client, np.arange(1, 40))
        np.testing.assert_allclose(after, before[::-1], rtol=1e-3, atol=1e-6)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [each for each in ("c7", "c77", "c119") if f'"{each}"'.encode() in kept]


def test_newcomers_are_placed_by_their_words(tmp_path: Path) -> None:
    """Vips buy red and others navy; a vip who came today gets the red item that came today."""
    catalogue, touches, _ = two_tastes(clients=60)
    items = tuple(i.model_copy(update={"colour": "red" if n < 20 else "navy"}) for n, i in enumerate(catalogue.items))
    clients = {f"c{n}": ClientSignals(f"c{n}", tags=("vip" if n % 2 == 0 else "plain",)) for n in range(60)}
    later = shelf(item("red-today", colour="red"), item("navy-today", colour="navy"))
    for name in ("words", "hybrid", "champion"):
        model = Served(name)
        model.fit(touches, shelf(*items), clients, seed=7)
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
        loaded = Served.load(name, tmp_path / name, later)
        for tag, best in (("vip", 0), ("plain", 1)):
            assert asked(loaded, ClientSignals("new", tags=(tag,)), np.arange(2)).argmax() == best
        liked = ClientSignals("new", touches=(Interaction("navy-today", "order_placed", NOW.timestamp()),))
        assert asked(loaded, liked, np.arange(2)).argmax() == 1  # a touch of a new item says something too


@pytest.mark.parametrize("name", ["hybrid", "words", "champion", "recent", "ease", "own", *DEEP])
def test_an_item_that_came_since_counts_as_one_that_nobody_took(name: str) -> None:
    """The same log, with an item in the end that is known at the learning or not."""
    log = made_up()
    asks = Asked(np.arange(50), np.full(50, NONE))
    names = [("colour:1",) if n == len(log.items) else (f"colour:{n % 4}",) for n in range(len(log.items) + 1)]
    told = replace(log, items=(*log.items, "late"), item_words=FeatureMatrix.of(names))
    early, since = zoo.make(name, repeats=False), zoo.make(name, repeats=False)
    early.fit(told, 1)
    since.fit(log, 1)
    since.widen(FeatureMatrix.of([("colour:1",)]))
    both = [np.argsort(-made.scores(asks, np.arange(81)), axis=1) for made in (early, since.met(told))]
    places = [np.argmax(order == 80, axis=1).mean() for order in both]
    assert places[0] == pytest.approx(places[1], abs=6)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_meeting_those_learnt_from_changes_little(name: str) -> None:
    """Only vectors that were learnt with a client, and not from what they took, may differ."""
    held = split(made_up(), "time:0.8", 1)
    made = zoo.make(name, repeats=True)
    made.fit(held.past, 1)
    met = made.met(held.past)
    known, again = (each.scores(held.asked, np.arange(80)) for each in (made, met))
    if name in {"hybrid", *zoo.DEEP}:
        alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(known, again, strict=True)]
        assert np.median(alike) > 0.7
    else:
        np.testing.assert_allclose(again, known, atol=1e-5)


def test_a_large_catalogue_is_scored_by_a_shortlist(shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (shortlist, served):
        monkeypatch.setattr(module, "LARGE", 10)
    monkeypatch.setattr(shortlist, "FRONT", 5)
    monkeypatch.setattr(shortlist, "NEAR", 5)
    catalogue, touches, clients = shop
    model = Served("champion")
    model.fit(touches, catalogue, clients, seed=7)
    model.save(tmp_path)
    loaded = Served.load("champion", tmp_path, shelf(*catalogue.items, item("fresh")))
    scores = asked(loaded, who_took(1, 3, 5, 7), np.arange(41))
    assert 5 <= (scores > 0).sum() < 25
    assert scores[40] > 0  # what came since is looked at
    assert scores[:20].max() == 1.0


@pytest.mark.parametrize("name", ["champion", "hybrid", "words", "als"])
def test_a_folder_that_is_broken_in_any_way_does_not_serve(name: str, shop: Any, learnt: Any, tmp_path: Path) -> None:
    """Of a shorter or longer array, one of no numbers, or none, each algorithm makes another error, or none at all."""
    learnt[name].save(tmp_path)
    for path in sorted(each for each in tmp_path.rglob("*.npy") if np.load(each).size):
        kept = path.read_bytes()
        for harm in (lambda array: np.full(array.shape, np.nan), lambda array: array.ravel()[0], None):
            path.unlink() if harm is None else np.save(path, harm(np.load(path)))
            with contextlib.suppress(OSError):
                model = Served.load(name, tmp_path, shop[0])
                assert np.isfinite(asked(model, who_took(0, 1))).all(), path.name
            path.write_bytes(kept)


def test_there_is_no_ranker_of_another_name() -> None:
    with pytest.raises(BadInput, match="algorithm: no ranker 'deep'; there are popularity"):
        Served("deep")


def test_a_log_of_one_client_is_read_as_one_of_many() -> None:
    log = made_up()
    alone = log.part(log.client == 5)
    words = FeatureMatrix.of([("taste:1",)])
    person = Log(("x",), log.items, log.contexts, alone.client * 0, alone.item, alone.at, alone.context, None,
                 FeatureMatrix.none(0), words)  # fmt: skip
    model = zoo.make("champion", repeats=False)
    model.fit(log, 1)
    one = model.met(person).scores(Asked(np.zeros(1, np.int64), np.full(1, NONE)), np.arange(80))
    many = model.scores(Asked(np.full(1, 5), np.full(1, NONE)), np.arange(80))
    assert one == pytest.approx(many, abs=1e-4)


def test_the_champion_says_what_speaks_for_an_item(learnt: dict[str, Served]) -> None:
    """Of the first taste because of what was bought of it; nothing is said where nothing is known."""
    client = who_took(1, 3, 5, 7)
    best = [
        f"i{place:02}" for place in np.argsort(-asked(learnt["champion"], client)).tolist() if place not in {1, 3, 5, 7}
    ]
    said = learnt["champion"].reasons(client, best[:5])
    assert {each.kind for each in said.values()} == {"history"}
    assert {each.liked for each in said.values()} <= {"i01", "i03", "i05", "i07"}
    assert {reason.kind for reason in learnt["champion"].reasons(ClientSignals("x"), best[:5]).values()} <= {"popular"}
    assert learnt["champion"].reasons(client, ["unheard"]) == learnt["als"].reasons(client, best) == {}


def test_clients_alike_are_a_reason() -> None:
    catalogue, touches, _ = two_tastes(clients=60)
    clients = {f"c{n}": ClientSignals(f"c{n}", tags=("vip" if n % 2 == 0 else "plain",)) for n in range(60)}
    model = Served("champion")
    model.fit(touches, catalogue, clients, seed=7)
    said = model.reasons(ClientSignals("new", tags=("vip",)), ["i00", "i20"])
    assert said["i00"].kind == "cohort"
    assert "i20" not in said or said["i20"].kind != "cohort"
