"""`two-tower`: a network for clients and contexts, one for items, and their scalar product; learnt by telling the item
taken from those that others took, corrected for how often these are taken (Yi et al. 2019)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import Asked, Log, Singles, State
from domain.arrays import Ints

D: Final = 32
EPOCHS: Final = 12
SHARPNESS: Final = 8.0
"""Scalar products of unit vectors times this."""


class TwoTower:
    """Vectors are worked out once; serving needs no JAX."""

    def __init__(self, epochs: int = EPOCHS) -> None:
        self.epochs = epochs
        self.clients = self.items = self.contexts = np.zeros((0, D), np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Needs the extra `deep`."""
        import jax  # noqa: PLC0415
        import jax.numpy as jnp  # noqa: PLC0415

        rng = np.random.default_rng(seed)
        sides = {"client": log.client_words, "item": log.item_words}
        params = {name: deep.table(rng, len(words), D) for name, words in sides.items()}
        params |= {f"{name} words": deep.table(rng, len(words.names) + 1, D) for name, words in sides.items()}
        params["context"] = deep.table(rng, len(log.contexts) + 1, D)
        words = {name: jnp.asarray(deep.padded(each)) for name, each in sides.items()}
        known = {"client": jnp.asarray(log.warm, jnp.float32), "item": jnp.asarray(log.seen, jnp.float32)}
        often = np.log(np.maximum(np.bincount(log.item, minlength=len(log.items)) / len(log), 1e-9)).astype(np.float32)

        def of(params: Any, name: str, own: Any) -> Any:
            return deep.side(params, name, own, known[name][own], words[name][own])

        def loss(params: Any, client: Any, item: Any, context: Any, weight: Any, key: Any) -> Any:
            asked = _unit(of(params, "client", client) + params["context"][context], jnp)
            products = SHARPNESS * asked @ _unit(of(params, "item", item), jnp).T
            logits = products - jnp.asarray(often)[item]
            same = (item[None, :] == item[:, None]) & ~jnp.eye(len(item), dtype=bool)
            likely = jax.nn.log_softmax(jnp.where(same, -jnp.inf, logits), axis=1)
            return -(weight * jnp.diagonal(likely)).sum() / weight.sum()

        found = deep.learnt(params, loss, log, self.epochs, seed)
        self.clients = np.asarray(of(found, "client", np.arange(len(log.clients))))
        self.items = np.asarray(_unit(of(found, "item", np.arange(len(log.items))), np))
        self.contexts = found["context"]

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        mine = _unit(self.clients[asked.client] + self.contexts[asked.context], np)
        return np.asarray(SHARPNESS * mine @ self.items[items].T, np.float32)

    def state(self) -> State:
        """Vectors."""
        return {"clients": self.clients, "items": self.items, "contexts": self.contexts}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.clients, self.items, self.contexts = state["clients"], state["items"], state["contexts"]


def _unit(vectors: Any, of: Any) -> Any:
    return vectors / of.sqrt((vectors**2).sum(axis=-1, keepdims=True) + 1e-6)
