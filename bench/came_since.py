"""Clients who came after a ranking was learnt, asked about in the product's shape: what they have done by now is known
to it (fold-in). Beside the champion without that (`unknowing`), content and recent popularity."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.evaluation import Split, of_each
from algorithms.blending.trend import Trend
from algorithms.ranking.data import Log
from algorithms.ranking.evaluation import difference
from algorithms.ranking.served import Served
from domain.arrays import Floats, Ints
from domain.engagement import DAY
from domain.histories import ClientSignals, Interaction, Interactions
from models.catalogue import Item, Season

MOST = 2_000
MODELS = ("champion", "hybrid")


def measure(name: str, log: Log, day: str, seed: int) -> dict[str, float]:
    """NDCG@10 of the last visit of clients who came after `day` and came again, from their visits before it; nothing of
    others is known after that day."""
    cut = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + DAY
    of, past = _catalogue(log), _interactions(log.part(log.at < cut))
    about = {client: ClientSignals(client) for client in past.clients}
    trend, content, models = Trend.of(past, of, about), Content(of), [Served(each) for each in MODELS]
    for model in models:
        model.fit(past, of, about, seed)

    def scores(client: ClientSignals, candidates: Ints, now: float) -> dict[str, Floats]:
        unknown = ClientSignals(client.client_id)
        told = {"recent": trend.scores(client, candidates), "content": content.scores(client, candidates, now)}
        told |= {"unknowing": models[0].scores(unknown, candidates, now)}
        return told | {model.name: model.scores(client, candidates, now) for model in models}

    found = {each: both[:, 1] for each, both in of_each(scores, Split(cut, past, _asked(log, cut, seed)), of).items()}
    figures = {f"ranking_{name}_since_{each}_ndcg": round(float(gain.mean()), 5) for each, gain in found.items()}
    best = max((found[each] for each in ("recent", "content")), key=lambda gain: float(gain.mean()))
    low, _ = difference(found["champion"] - best, np.arange(len(best)), seed)
    return figures | {f"ranking_{name}_since_asked": len(best), f"ranking_{name}_since_over_best_low": round(low, 5)}


def _asked(log: Log, cut: float, seed: int) -> tuple[tuple[ClientSignals, Ints], ...]:
    first, last = np.full(len(log.clients), np.inf), np.full(len(log.clients), -np.inf)
    np.minimum.at(first, log.client, log.at)
    np.maximum.at(last, log.client, log.at)
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero((first >= cut) & (last > first)))[:MOST]
    found = []
    for client in np.sort(drawn).tolist():
        rows = np.flatnonzero(log.client == client)
        before = rows[log.at[rows] < last[client]]
        wanted = np.setdiff1d(log.item[rows[log.at[rows] == last[client]]], log.item[before])
        if len(wanted):
            done = [Interaction(f"i{log.item[row]}", "order_placed", float(log.at[row])) for row in before.tolist()]
            found.append((ClientSignals(f"c{client}", touches=tuple(done)), wanted))
    return tuple(found)


def _interactions(log: Log) -> Interactions:
    clients, items = (
        tuple(f"{kind}{n}" for n in range(len(all_))) for kind, all_ in (("c", log.clients), ("i", log.items))
    )
    return Interactions(clients, items, log.client, log.item, np.ones(len(log)), log.at)


def _catalogue(log: Log) -> Catalogue:
    """An item's first word is its category, the others are its tags."""
    words = [
        [log.item_words.names[word] for word in log.item_words.word[start:end].tolist()]
        for start, end in zip(log.item_words.start, log.item_words.start[1:], strict=False)
    ]
    return Catalogue.of([_item(place, mine) for place, mine in enumerate(words)], ())


def _item(place: int, words: list[str]) -> Item:
    return Item(
        item_id=f"i{place}",
        title=f"Item {place}",
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
