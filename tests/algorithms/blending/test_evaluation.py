"""The measure itself: split by time alone, honest about what was known, right against a count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.blending import evaluation
from domain.histories import ClientSignals, WeightedInteractions
from tests.algorithms.goods import item, shelf, two_tastes

SHOP = shelf(*(item(f"i{n}") for n in range(30)))


def by_hand() -> WeightedInteractions:
    """c0 buys i0, i1, then i0 again and i5; c1 appears only later, with i6 and i7; 8 earlier touches of c2."""
    rows = [(2, n, 1.0, float(n)) for n in range(8, 16)]
    rows += [(0, 0, 1.0, 20.0), (0, 1, 1.0, 21.0), (2, 16, 1.0, 22.0), (2, 17, 1.0, 23.0), (2, 18, 1.0, 24.0)]
    rows += [(2, 19, 1.0, 25.0), (2, 20, 1.0, 26.0), (2, 21, 1.0, 27.0), (2, 22, 1.0, 28.0)]
    rows += [(0, 0, 1.0, 100.0), (0, 5, 1.0, 101.0), (1, 6, 1.0, 102.0), (1, 7, 0.1, 103.0)]
    client, place, weight, at = (np.array(column) for column in zip(*rows, strict=True))
    return WeightedInteractions(
        ("c0", "c1", "c2"), tuple(SHOP.index), client, place, weight.astype(float), at.astype(float)
    )


def test_the_split_lets_nothing_of_the_future_into_the_past():
    catalogue, touches, clients = two_tastes()
    held = evaluation.split(touches, catalogue, clients, seed=1)
    assert held.past.at.max() <= held.cut < touches.at.max()
    assert 0.75 < len(held.past) / len(touches) < 0.85
    for client, new in held.targets:
        assert all(t.at <= held.cut for t in client.touches)
        assert not {catalogue.items[p].item_id for p in new} & {t.item_id for t in client.touches}


def test_only_what_is_new_to_the_client_and_taken_up_is_asked_for():
    held = evaluation.split(by_hand(), SHOP, {}, seed=1)
    assert {client.client_id: new.tolist() for client, new in held.targets} == {"c0": [5], "c1": [6]}


def test_quality_against_a_count_by_hand():
    held = evaluation.split(by_hand(), SHOP, {}, seed=1)
    ids = np.arange(30, dtype=float)

    def scorer(client: ClientSignals, candidates: np.ndarray, now: float) -> dict[str, np.ndarray]:
        assert now == held.cut
        known = {"c0": 5, "c1": 6}[client.client_id]
        return {
            "knows": (candidates == known).astype(float),
            "third": np.where(candidates == known, -2.5, -ids[: len(candidates)]),
            "wrong": (candidates > 20).astype(float),
        }

    found = evaluation.evaluate_quality(scorer, held, SHOP)
    assert found["knows"] == {"recall@10": 1.0, "ndcg@10": 1.0}
    assert found["third"] == {"recall@10": 1.0, "ndcg@10": pytest.approx(1 / np.log2(5), abs=1e-5)}
    assert found["wrong"]["ndcg@10"] < 0.5


def test_clients_are_drawn_by_the_seed(monkeypatch):
    monkeypatch.setattr(evaluation, "CLIENTS", 10)
    catalogue, touches, clients = two_tastes()
    drawn = [[c.client_id for c, _ in evaluation.split(touches, catalogue, clients, s).targets] for s in (1, 1, 2)]
    assert len(drawn[0]) == 10
    assert drawn[0] == drawn[1] != drawn[2]


def test_nothing_to_split_asks_nobody():
    empty = np.zeros(0)
    none = WeightedInteractions((), (), empty.astype(int), empty.astype(int), empty, empty)
    held = evaluation.split(none, SHOP, {}, seed=1)
    assert held.targets == ()
    assert evaluation.evaluate_quality(lambda *_: {}, held, SHOP) == {}


def test_new_items_are_asked_about_alone():
    """Of c0 and c1 in `by_hand`, both took up what nobody had touched; c2's items are known."""
    held = evaluation.split(by_hand(), SHOP, {}, seed=1).restrict_to_new_items(SHOP)
    assert {client.client_id: new.tolist() for client, new in held.targets} == {"c0": [5], "c1": [6]}
    asked: list[int] = []

    def scorer(client: ClientSignals, candidates: np.ndarray, now: float) -> dict[str, np.ndarray]:
        asked.extend(candidates.tolist())
        return {"first": -candidates.astype(float)}

    found = evaluation.evaluate_quality(scorer, held, SHOP)
    assert not set(asked) & {0, 1, *range(8, 23)}
    assert found["first"]["recall@10"] == 1.0
