"""`wide-deep`: a linear part that knows the popularity of items, and over the vectors of `two-tower` their product and
a hidden layer, which also knows how much the client took, and how old and popular the item is; trained together (Cheng
et al. 2016; with the product: Guo et al. 2017)."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets
from algorithms.ranking.deep import Params
from algorithms.ranking.examples import Batch, Examples, stack_item_signals
from algorithms.ranking.trends import default_signal
from algorithms.ranking.two_tower import D, TwoTower
from domain.arrays import Ints

HIDDEN: Final = 8
AT_ONCE: Final = 1_000_000
"""Values of the hidden layer held at once in scoring: as many as stay in the processor's cache."""


class WideDeep(TwoTower):
    """A linear part and a hidden layer. The vectors are trained and served as those of `two-tower`; serving needs no
    JAX."""

    def __init__(self, epochs: int = deep.EPOCHS) -> None:
        super().__init__(epochs)
        self.layer: dict[str, Singles] = {}
        """Weights from vectors of clients and of items, and from facts of both, into the layer and out of it."""
        self.left = self.right = np.zeros((0, HIDDEN), np.float32)
        """The layer's parts of client (c, h) and item (n, h), before they are added."""

    def init_params(self, interactions: Interactions, examples: Examples, rng: np.random.Generator) -> Params:
        """Draw the parameters that training starts from."""
        rows = {"client in": D, "item in": D, "took in": 3, "trends in": len(examples.names)}
        layer = {name: deep.draw_vectors(rng, n_rows, HIDDEN, n_rows**-0.5) for name, n_rows in rows.items()}
        return super().init_params(interactions, examples, rng) | layer | {"out": deep.draw_vectors(rng, HIDDEN, 1)}

    def score_batch(self, params: Params, known: dict[str, Any], batch: Batch) -> Any:
        """Score the items of a batch for its clients, as deep.Scores says."""
        import jax  # noqa: PLC0415
        import jax.numpy as jnp  # noqa: PLC0415

        clients, items = self.compute_towers(params, known, batch)
        trends = known["trends"][:, :, batch.item]
        left = clients @ params["client in"] + _describe_counts(batch.took, jnp) @ params["took in"]
        right = items @ params["item in"] + (trends[:, -1] @ params["trends in"])[batch.window]
        hidden = jax.nn.relu(left[:, None, :] + right)
        linear = (trends @ params["wide"])[batch.window, batch.context]
        return clients @ items.T + linear + (hidden @ params["out"])[..., 0]

    def load_params(self, params: Params, interactions: Interactions, examples: Examples) -> None:
        """Convert the trained parameters to what serving needs."""
        self.layer = {name: params[f"{name} in"] for name in ("client", "item", "took")} | {"out": params["out"]}
        self.layer["untaken"] = (
            np.array([default_signal(name) for name in examples.names], np.float32) @ params["trends in"]
        )
        super().load_params(params, interactions, examples)
        self.left = self._compute_left(interactions)
        self.right = self.items @ self.layer["item"] + stack_item_signals(interactions)[-1] @ params["trends in"]

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        scores = super().scores(targets, items)
        left = self.left[targets.client] + (self.contexts @ self.layer["client"])[targets.context]
        right, out = self.right[items], self.layer["out"][:, 0]
        step = max(AT_ONCE // (max(len(items), 1) * HIDDEN), 1)
        for begin in range(0, len(targets), step):
            rows = slice(begin, begin + step)
            scores[rows] += np.maximum(left[rows, None, :] + right, 0.0) @ out
        return scores

    def state(self) -> State:
        """Return the state of the vectors, and the layer."""
        layer = {f"layer_{name}": value for name, value in self.layer.items()}
        return super().state() | layer | {"left": self.left, "right": self.right}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        super().restore(state)
        self.layer = {name[6:]: value for name, value in state.items() if name.startswith("layer_")}
        self.left, self.right = state["left"], state["right"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Compute the vectors of these clients, and their part of the layer."""
        model = super().fold_in_users(users)
        model.left = model._compute_left(users)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Place the items by their words."""
        super().add_items(words)
        new = self.items[len(self.right) :] @ self.layer["item"] + self.layer["untaken"]
        self.right = np.vstack([self.right, new])

    def _compute_left(self, users: Interactions) -> Singles:
        took = np.asarray(users.counts.sum(axis=1)).ravel()
        return np.asarray(
            self.clients @ self.layer["client"] + _describe_counts(took, np) @ self.layer["took"], np.float32
        )


def _describe_counts(counts: Any, of: Any) -> Any:
    """Describe how much clients took, as input of the layer: (c, 3)."""
    return of.stack([of.ones_like(counts), of.log1p(counts), 1.0 * (counts == 0)], axis=-1)
