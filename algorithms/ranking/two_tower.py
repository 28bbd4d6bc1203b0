"""`two-tower`: a vector of each client and context, one of each item, and their scalar product beside what is popular;
learnt by telling the item taken from those that others took, corrected for how often these are taken (Yi et al. 2019).
A client's vector is the sum of their words' and their items', so whoever came since has one too."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles, State, dots, wider
from algorithms.ranking.deep import Params
from algorithms.ranking.examples import Batch, Examples, signals
from algorithms.ranking.trends import untaken
from domain.arrays import Ints

D: Final = 96
SHARPNESS: Final = 2.0
"""Length of the items' vectors."""
PLAIN: Final = ("clients", "contexts", "items", "histories", "wide", "untaken")
POPULAR: Final = 0.2
"""Weight of each popularity before learning."""


class TwoTower:
    """Serving needs no JAX."""

    def __init__(self, epochs: int = deep.EPOCHS) -> None:
        self.epochs = epochs
        self.places: dict[str, dict[str, int]] = {"client": {}, "item": {}}
        """Of the words that have vectors."""
        self.words: dict[str, Singles] = {}
        """Their vectors, (words, d): of clients, of items, and of items as part of a history."""
        self.clients = self.contexts = self.items = self.histories = np.zeros((0, D), np.float32)
        """Vectors of clients (c, d), of contexts and none (contexts + 1, d), of items (n, d) and of what each item adds
        to who took it (n, d)."""
        self.wide = np.zeros((0, 0), np.float32)
        """What is known of items by themselves, (contexts + 1, n)."""
        self.untaken = 0.0
        """The same of an item that nobody took."""

    def fit(self, log: Log, seed: int) -> None:
        """Raises BadInput without the extra `deep`."""
        examples = Examples(log)
        known = {f"{side} words": deep.padded(words) for side, words in _sides(log).items()}
        begin = self.begin(log, examples, np.random.default_rng(seed))
        found = deep.learnt(begin, self.told, known | {"trends": examples.trends}, examples, self.epochs, seed)
        self.take(found, log, examples)

    def begin(self, log: Log, examples: Examples, rng: np.random.Generator) -> Params:
        """Where learning begins."""
        n, of_items = len(log.items), len(log.item_words.names)
        rows = {"item": n, "item words": of_items + 1, "history": n, "history words": of_items + 1}
        rows |= {"client words": len(log.client_words.names) + 1, "context": len(log.contexts) + 1}
        popular = [POPULAR if name.startswith(("all", "context")) else 0.0 for name in examples.names]
        return {name: deep.table(rng, each, D) for name, each in rows.items()} | {"wide": np.array(popular, np.float32)}

    def told(self, params: Params, known: dict[str, Any], batch: Batch) -> Any:
        """See deep.Scores."""
        clients, items = self.towers(params, known, batch)
        trends = known["trends"][:, :, batch.item] @ params["wide"]
        return clients @ items.T + trends[batch.window, batch.context]

    def towers(self, params: Params, known: dict[str, Any], batch: Batch) -> tuple[Any, Any]:
        """Vectors of the clients in their contexts, and of the items, of a batch: each (b, d)."""
        words = deep.mean_of(params["history words"], known["item words"][batch.history])
        taken = ((params["history"][batch.history] + words) * batch.there[..., None]).sum(axis=1)
        clients = taken / batch.there.sum(axis=1, keepdims=True).clip(1) ** 0.5
        clients += deep.mean_of(params["client words"], known["client words"][batch.client])
        clients += params["context"][batch.context] * (batch.context != NONE)[:, None]
        own = params["item"][batch.item] * batch.known[:, None]
        items = own + deep.mean_of(params["item words"], known["item words"][batch.item])
        return clients, SHARPNESS * deep.unit(items)

    def take(self, found: Params, log: Log, examples: Examples) -> None:
        """What was learnt, as serving needs it."""
        self.places = {side: _numbered(words.names) for side, words in _sides(log).items()}
        self.words = {name: found[f"{name} words"][1:] for name in ("client", "item", "history")}
        self.contexts = np.vstack([found["context"][:-1], np.zeros((1, D), np.float32)])
        self.items = self._items(log.item_words, found["item"] * log.seen[:, None])
        self.histories = self._mean("item", "history", log.item_words) + found["history"] * log.seen[:, None]
        self.wide = signals(log) @ found["wide"]
        self.untaken = float(sum(w * untaken(name) for name, w in zip(examples.names, found["wide"], strict=True)))
        self.clients = self._clients(log)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        mine = self.clients[asked.client] + self.contexts[asked.context]
        return np.asarray(dots(mine, self.items, items) + self.wide[:, items][asked.context], np.float32)

    def state(self) -> State:
        """Vectors, and what the words of clients and items are."""
        words = {f"words_{name}": vectors for name, vectors in self.words.items()}
        names = {side: list(places) for side, places in self.places.items()}
        return words | {"names": names} | {name: getattr(self, name) for name in PLAIN}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.words = {name[6:]: value for name, value in state.items() if name.startswith("words_")}
        self.places = {side: _numbered(names) for side, names in state["names"].items()}
        for name in PLAIN:
            setattr(self, name, state[name])

    def met(self, people: Log) -> Self:
        """By what they took and their words."""
        mine = copy(self)
        mine.clients = self._clients(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """They stand where their words do."""
        self.items = np.vstack([self.items, self._items(words, 0.0)])
        self.histories = np.vstack([self.histories, self._mean("item", "history", words)])
        self.wide = wider(self.wide, len(words), self.untaken)

    def _items(self, words: FeatureMatrix, own: Singles | float) -> Singles:
        return np.asarray(SHARPNESS * deep.unit(self._mean("item", "item", words) + own), np.float32)

    def _clients(self, people: Log) -> Singles:
        """A long history says more than a short one, by its root."""
        taken = np.asarray(people.taken.sum(axis=1)).clip(1) ** -0.5
        mine = taken * (people.taken @ self.histories) + self._mean("client", "client", people.client_words)
        return np.asarray(mine, np.float32)

    def _mean(self, side: str, name: str, words: FeatureMatrix) -> Singles:
        """The mean vector of the words of each thing, in one role."""
        mine = words.within(self.places[side])
        each = np.asarray(mine.sum(axis=1)).clip(1)
        return np.asarray((mine @ self.words[name]) / each, np.float32)


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _sides(log: Log) -> dict[str, FeatureMatrix]:
    return {"client": log.client_words, "item": log.item_words}
