"""Clients who came after a ranking was trained: it folds in what they have done by now. Beside it the same ranking
without fold-in (`unknowing`), content and recent popularity."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.evaluation import TimeSplit, evaluate_clients
from algorithms.blending.trend import Trend
from algorithms.evaluation.ranking_evaluation import bootstrap_interval
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from algorithms.ranking.data import Interactions
from domain.arrays import Floats, Ints
from domain.engagement import DAY
from domain.histories import ClientSignals, Interaction, WeightedInteractions
from models.catalogue import Item, Season

MOST = 2_000
MODELS = ("stacked", "hybrid")


def measure(name: str, log: Interactions, day: str, seed: int) -> dict[str, float]:
    """Compute NDCG@10 of the last visit of clients who came after `day` and came again, from their visits before it;
    nothing of others is known after that day."""
    cut = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + DAY
    catalogue, past = _build_catalogue(log), _build_interactions(log.part(log.at < cut))
    signals = {client: ClientSignals(client) for client in past.clients}
    trend, content, models = (
        Trend.of(past, catalogue, signals),
        Content(catalogue),
        [CatalogueRanker(model) for model in MODELS],
    )
    for model in models:
        model.fit(past, catalogue, signals, seed)

    def scores(client: ClientSignals, candidates: Ints, now: float) -> dict[str, Floats]:
        unknown = ClientSignals(client.client_id)
        scores_by_name = {
            "recent": trend.scores(client, candidates),
            "content": content.scores(client, candidates, now),
        }
        scores_by_name |= {"unknowing": models[0].scores(unknown, candidates, now)}
        return scores_by_name | {model.name: model.scores(client, candidates, now) for model in models}

    held_out = TimeSplit(cut, past, _list_cases(log, cut, seed))
    gains = {name_: both[:, 1] for name_, both in evaluate_clients(scores, held_out, catalogue).items()}
    figures = {f"ranking_{name}_since_{model}_ndcg": round(float(gain.mean()), 5) for model, gain in gains.items()}
    best = max((gains[model] for model in ("recent", "content")), key=lambda gain: float(gain.mean()))
    low, _ = bootstrap_interval(gains["stacked"] - best, np.arange(len(best)), seed)
    return figures | {f"ranking_{name}_since_asked": len(best), f"ranking_{name}_since_over_best_low": round(low, 5)}


def _list_cases(log: Interactions, cut: float, seed: int) -> tuple[tuple[ClientSignals, Ints], ...]:
    first, last = np.full(len(log.clients), np.inf), np.full(len(log.clients), -np.inf)
    np.minimum.at(first, log.client, log.at)
    np.maximum.at(last, log.client, log.at)
    sampled = np.random.default_rng(seed).permutation(np.flatnonzero((first >= cut) & (last > first)))[:MOST]
    cases = []
    for client in np.sort(sampled).tolist():
        rows = np.flatnonzero(log.client == client)
        before = rows[log.at[rows] < last[client]]
        wanted = np.setdiff1d(log.item[rows[log.at[rows] == last[client]]], log.item[before])
        if len(wanted):
            interactions = [
                Interaction(f"i{log.item[row]}", "order_placed", float(log.at[row])) for row in before.tolist()
            ]
            cases.append((ClientSignals(f"c{client}", touches=tuple(interactions)), wanted))
    return tuple(cases)


def _build_interactions(log: Interactions) -> WeightedInteractions:
    clients, items = (
        tuple(f"{kind}{n}" for n in range(len(all_))) for kind, all_ in (("c", log.clients), ("i", log.items))
    )
    return WeightedInteractions(clients, items, log.client, log.item, np.ones(len(log)), log.at)


def _build_catalogue(log: Interactions) -> Catalogue:
    """Build a catalogue where an item's first word is its category and the others are its tags."""
    words = [
        [log.item_words.names[word] for word in log.item_words.word[start:end].tolist()]
        for start, end in zip(log.item_words.start, log.item_words.start[1:], strict=False)
    ]
    return Catalogue.of([_build_item(index, item_words) for index, item_words in enumerate(words)], ())


def _build_item(index: int, words: list[str]) -> Item:
    return Item(
        item_id=f"i{index}",
        title=f"Item {index}",
        category=words[0] if words else "goods",
        brand="",
        colour="",
        price_cents=1_000,
        cost_cents=None,
        season=Season.ALL,
        sizes=(),
        tags=tuple(words[1:]),
        sustainability=None,
        added_at=datetime(2000, 1, 1, tzinfo=UTC),
    )
