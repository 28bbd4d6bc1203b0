"""`wide-deep`: a linear part that knows the popularity of items, and over the vectors of `two-tower` their product and
a hidden layer, which also knows how much the client took, and how old and popular the item is; learnt together (Cheng
et al. 2016; with the product: Guo et al. 2017)."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State
from algorithms.ranking.deep import Params
from algorithms.ranking.examples import Batch, Examples, signals
from algorithms.ranking.trends import untaken
from algorithms.ranking.two_tower import D, TwoTower
from domain.arrays import Ints

HIDDEN: Final = 8
AT_ONCE: Final = 1_000_000
"""Values of the hidden layer held at once in scoring: as many as stay near the processor."""


class WideDeep(TwoTower):
    """Serving needs no JAX. The vectors are learnt and served as those of `two-tower`."""

    def __init__(self, epochs: int = deep.EPOCHS) -> None:
        super().__init__(epochs)
        self.layer: dict[str, Singles] = {}
        """From vectors of clients and of items, and from facts of both, into the layer and out of it."""
        self.left = self.right = np.zeros((0, HIDDEN), np.float32)
        """The layer's parts of client (c, h) and item (n, h), before they are added."""

    def begin(self, log: Log, examples: Examples, rng: np.random.Generator) -> Params:
        """Where learning begins."""
        rows = {"client in": D, "item in": D, "took in": 3, "trends in": len(examples.names)}
        layer = {name: deep.table(rng, each, HIDDEN, each**-0.5) for name, each in rows.items()}
        return super().begin(log, examples, rng) | layer | {"out": deep.table(rng, HIDDEN, 1)}

    def told(self, params: Params, known: dict[str, Any], batch: Batch) -> Any:
        """See deep.Scores."""
        import jax  # noqa: PLC0415
        import jax.numpy as jnp  # noqa: PLC0415

        clients, items = self.towers(params, known, batch)
        trends = known["trends"][:, :, batch.item]
        left = clients @ params["client in"] + _took(batch.took, jnp) @ params["took in"]
        right = items @ params["item in"] + (trends[:, -1] @ params["trends in"])[batch.window]
        hidden = jax.nn.relu(left[:, None, :] + right)
        linear = (trends @ params["wide"])[batch.window, batch.context]
        return clients @ items.T + linear + (hidden @ params["out"])[..., 0]

    def take(self, found: Params, log: Log, examples: Examples) -> None:
        """What was learnt, as serving needs it."""
        self.layer = {name: found[f"{name} in"] for name in ("client", "item", "took")} | {"out": found["out"]}
        self.layer["untaken"] = np.array([untaken(name) for name in examples.names], np.float32) @ found["trends in"]
        super().take(found, log, examples)
        self.left = self._left(log)
        self.right = self.items @ self.layer["item"] + signals(log)[-1] @ found["trends in"]

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        found = super().scores(asked, items)
        mine = self.left[asked.client] + (self.contexts @ self.layer["client"])[asked.context]
        right, out = self.right[items], self.layer["out"][:, 0]
        step = max(AT_ONCE // (max(len(items), 1) * HIDDEN), 1)
        for begin in range(0, len(asked), step):
            rows = slice(begin, begin + step)
            found[rows] += np.maximum(mine[rows, None, :] + right, 0.0) @ out
        return found

    def state(self) -> State:
        """That of the vectors, and the layer."""
        layer = {f"layer_{name}": value for name, value in self.layer.items()}
        return super().state() | layer | {"left": self.left, "right": self.right}

    def restore(self, state: State) -> None:
        """See `state`."""
        super().restore(state)
        self.layer = {name[6:]: value for name, value in state.items() if name.startswith("layer_")}
        self.left, self.right = state["left"], state["right"]

    def met(self, people: Log) -> Self:
        """By what they took and their words."""
        mine = super().met(people)
        mine.left = mine._left(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """They stand where their words do."""
        super().widen(words)
        new = self.items[len(self.right) :] @ self.layer["item"] + self.layer["untaken"]
        self.right = np.vstack([self.right, new])

    def _left(self, people: Log) -> Singles:
        took = np.asarray(people.counts.sum(axis=1)).ravel()
        return np.asarray(self.clients @ self.layer["client"] + _took(took, np) @ self.layer["took"], np.float32)


def _took(counts: Any, of: Any) -> Any:
    """What a layer is told of how much clients took: (c, 3)."""
    return of.stack([of.ones_like(counts), of.log1p(counts), 1.0 * (counts == 0)], axis=-1)
