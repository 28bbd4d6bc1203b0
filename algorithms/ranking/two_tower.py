"""`two-tower`: a vector of each client and context, one of each item, and their scalar product beside what is popular.
It learns to tell the item taken from those that others took, corrected for how often these are taken (Yi et al. 2019).
A client's vector is the sum of their words' and their items' vectors, so new clients have one too."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import (
    NONE,
    FeatureMatrix,
    Interactions,
    Progress,
    Singles,
    State,
    Targets,
    append_columns,
    dot_products,
    ignore,
)
from algorithms.ranking.deep import Params
from algorithms.ranking.examples import Batch, Examples, stack_item_signals
from algorithms.ranking.trends import default_signal
from domain.arrays import Ints

D: Final = 96
SHARPNESS: Final = 2.0
"""Length of the items' vectors."""
PLAIN: Final = ("clients", "contexts", "items", "histories", "wide", "untaken")
POPULAR: Final = 0.2
"""Weight of each popularity before training."""


class TwoTower:
    """Vectors of clients and items. Serving needs no JAX."""

    def __init__(self, epochs: int = deep.EPOCHS) -> None:
        self.epochs = epochs
        self.progress: Progress = ignore
        self.columns_of: dict[str, dict[str, int]] = {"client": {}, "item": {}}
        """The columns of the words that have vectors."""
        self.words: dict[str, Singles] = {}
        """Their vectors, (words, d): of clients, of items, and of items as part of a history."""
        self.clients = self.contexts = self.items = self.histories = np.zeros((0, D), np.float32)
        """Vectors of clients (c, d), of contexts and none (contexts + 1, d), of items (n, d) and of what each item adds
        to who took it (n, d)."""
        self.wide = np.zeros((0, 0), np.float32)
        """What is known of items by themselves, (contexts + 1, n)."""
        self.untaken = 0.0
        """The value of `wide` for an item that nobody took."""

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Train the network. Raises BadInput without the extra `deep`."""
        examples = Examples(interactions)
        known: dict[str, Any] = {f"{side} words": deep.pad_words(words) for side, words in _sides(interactions).items()}
        initial = self.init_params(interactions, examples, np.random.default_rng(seed))
        known["trends"] = examples.trends
        known["trends"] = examples.trends
        params = deep.train(initial, self.score_batch, known, examples, self.epochs, seed, self.progress)
        self.load_params(params, interactions, examples)

    def init_params(self, interactions: Interactions, examples: Examples, rng: np.random.Generator) -> Params:
        """Draw the parameters that training starts from."""
        n, of_items = len(interactions.items), len(interactions.item_words.names)
        rows = {"item": n, "item words": of_items + 1, "history": n, "history words": of_items + 1}
        rows |= {"client words": len(interactions.client_words.names) + 1, "context": len(interactions.contexts) + 1}
        popular = [POPULAR if name.startswith(("all", "context")) else 0.0 for name in examples.names]
        return {name: deep.draw_vectors(rng, n_rows, D) for name, n_rows in rows.items()} | {
            "wide": np.array(popular, np.float32)
        }

    def score_batch(self, params: Params, known: dict[str, Any], batch: Batch) -> Any:
        """Score the items of a batch for its clients, as deep.Scores says."""
        clients, items = self.compute_towers(params, known, batch)
        trends = known["trends"][:, :, batch.item] @ params["wide"]
        return clients @ items.T + trends[batch.window, batch.context]

    def compute_towers(self, params: Params, known: dict[str, Any], batch: Batch) -> tuple[Any, Any]:
        """Compute the vectors of a batch, of clients in their contexts and of items: each (b, d)."""
        words = deep.average_words(params["history words"], known["item words"][batch.history])
        taken = ((params["history"][batch.history] + words) * batch.there[..., None]).sum(axis=1)
        clients = taken / batch.there.sum(axis=1, keepdims=True).clip(1) ** 0.5
        clients += deep.average_words(params["client words"], known["client words"][batch.client])
        clients += params["context"][batch.context] * (batch.context != NONE)[:, None]
        own = params["item"][batch.item] * batch.known[:, None]
        items = own + deep.average_words(params["item words"], known["item words"][batch.item])
        return clients, SHARPNESS * deep.normalise(items)

    def load_params(self, params: Params, interactions: Interactions, examples: Examples) -> None:
        """Convert the trained parameters to what serving needs."""
        self.columns_of = {side: _number(words.names) for side, words in _sides(interactions).items()}
        self.words = {name: params[f"{name} words"][1:] for name in ("client", "item", "history")}
        self.contexts = np.vstack([params["context"][:-1], np.zeros((1, D), np.float32)])
        self.items = self._items(interactions.item_words, params["item"] * interactions.seen[:, None])
        self.histories = (
            self._mean("item", "history", interactions.item_words) + params["history"] * interactions.seen[:, None]
        )
        self.wide = stack_item_signals(interactions) @ params["wide"]
        self.untaken = float(
            sum(w * default_signal(name) for name, w in zip(examples.names, params["wide"], strict=True))
        )
        self.clients = self._clients(interactions)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        clients = self.clients[targets.client] + self.contexts[targets.context]
        return np.asarray(dot_products(clients, self.items, items) + self.wide[:, items][targets.context], np.float32)

    def state(self) -> State:
        """Return the vectors, and the words of clients and items that have one."""
        words = {f"words_{name}": vectors for name, vectors in self.words.items()}
        names = {side: list(columns) for side, columns in self.columns_of.items()}
        return words | {"names": names} | {name: getattr(self, name) for name in PLAIN}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.words = {name[6:]: value for name, value in state.items() if name.startswith("words_")}
        self.columns_of = {side: _number(names) for side, names in state["names"].items()}
        for name in PLAIN:
            setattr(self, name, state[name])

    def fold_in_users(self, users: Interactions) -> Self:
        """Compute the vectors of these clients from what they took and their words."""
        model = copy(self)
        model.clients = self._clients(users)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Place the items by their words."""
        self.items = np.vstack([self.items, self._items(words, 0.0)])
        self.histories = np.vstack([self.histories, self._mean("item", "history", words)])
        self.wide = append_columns(self.wide, len(words), self.untaken)

    def _items(self, words: FeatureMatrix, own: Singles | float) -> Singles:
        return np.asarray(SHARPNESS * deep.normalise(self._mean("item", "item", words) + own), np.float32)

    def _clients(self, users: Interactions) -> Singles:
        """Compute the vectors of clients: a long history counts more than a short one, by its square root."""
        taken = np.asarray(users.taken.sum(axis=1)).clip(1) ** -0.5
        vectors = taken * (users.taken @ self.histories) + self._mean("client", "client", users.client_words)
        return np.asarray(vectors, np.float32)

    def _mean(self, side: str, name: str, words: FeatureMatrix) -> Singles:
        """Average the vectors of the words of each thing, in one role."""
        present = words.within(self.columns_of[side])
        counts = np.asarray(present.sum(axis=1)).clip(1)
        return np.asarray((present @ self.words[name]) / counts, np.float32)


def _number(names: Iterable[str]) -> dict[str, int]:
    return {name: index for index, name in enumerate(names)}


def _sides(interactions: Interactions) -> dict[str, FeatureMatrix]:
    return {"client": interactions.client_words, "item": interactions.item_words}
