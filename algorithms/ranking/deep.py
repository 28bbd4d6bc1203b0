"""What the networks share: words as padded tables, and steps of AdamW with which they learn to tell each item taken
from the others of its batch (JAX, Optax: the extra `deep`). The CPU is enough; where JAX finds a GPU it uses it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Singles
from algorithms.ranking.examples import BATCH, Batch, Examples
from domain.arrays import Ints
from errors import BadInput

WORDS: Final = 12
"""Words of a client or item that count."""
EPOCHS: Final = 4
LEAST: Final = 100
"""Steps at least, however little there is to learn from."""
RATE: Final = 3e-3
DECAY: Final = 0.3
"""Of the weights, times the rate, at each step. It holds so well that learning longer changes nothing: there is no
early stopping to do."""
INSTALLED: Final = all(find_spec(name) for name in ("jax", "optax"))
Params = dict[str, Any]
Scores = Callable[[Params, dict[str, Any], Batch], Any]
"""Of parameters, what is known, and a batch: how well each of its items suits each of its clients, (b, b)."""


def padded(words: FeatureMatrix) -> Ints:
    """The first WORDS of each thing, one added, 0 where there are fewer: as many columns as the longest needs."""
    counts = np.diff(words.start)
    found = np.zeros((len(words), min(max(int(counts.max(initial=0)), 1), WORDS)), np.int64)
    rows = np.repeat(np.arange(len(words)), counts)
    place = np.arange(len(words.word)) - np.repeat(words.start[:-1], counts)
    kept = place < WORDS
    found[rows[kept], place[kept]] = words.word[kept] + 1
    return found


def table(rng: np.random.Generator, rows: int, d: int, size: float = 0.05) -> Singles:
    """Small random vectors."""
    return (rng.standard_normal((rows, d)) * size).astype(np.float32)


def mean_of(vectors: Any, places: Any) -> Any:
    """The mean vector of the words at `places` (..., words), zeros without words."""
    there = (places > 0)[..., None]
    return (vectors[places] * there).sum(axis=-2) / there.sum(axis=-2).clip(1)


def unit(vectors: Any) -> Any:
    """Of length 1; zeros stay near 0."""
    return vectors / ((vectors**2).sum(axis=-1, keepdims=True) + 1e-6) ** 0.5


def learnt(params: Params, scores: Scores, known: dict[str, Any], examples: Examples, epochs: int, seed: int) -> Params:
    """Parameters after `epochs`. The same seed gives the same parameters on the same machine. Raises BadInput without
    the extra."""
    try:
        import jax  # noqa: PLC0415
        import optax  # noqa: PLC0415
    except ModuleNotFoundError:
        raise BadInput("networks need JAX and Optax: pip install 'selvedge[deep]'", "algorithm") from None

    if not len(examples.rows):
        return params
    rng = np.random.default_rng(seed)
    each = max(len(examples.rows) // BATCH, 1)
    epochs = max(epochs, -(-LEAST // each))
    optimiser = optax.adamw(optax.cosine_decay_schedule(RATE, epochs * each), weight_decay=DECAY)
    often = examples.often

    def loss(params: Params, known: dict[str, Any], often: Any, batch: Batch) -> Any:
        found = told_apart(scores(params, known, batch) - often[batch.item], batch)
        return -(batch.weight * found).sum() / batch.weight.sum()

    @jax.jit
    def step(params: Params, memory: Any, known: dict[str, Any], often: Any, batch: Batch) -> tuple[Params, Any]:
        change, memory = optimiser.update(jax.grad(loss)(params, known, often, batch), memory, params)
        return optax.apply_updates(params, change), memory

    params, known, often = jax.device_put((params, known, often))
    memory = optimiser.init(params)
    for _ in range(epochs):
        for batch in examples.batches(rng):
            params, memory = step(params, memory, known, often, batch)
    return {name: np.asarray(value) for name, value in params.items()}


def told_apart(logits: Any, batch: Batch) -> Any:
    """The log of how likely each client's own item is among those of the batch that others took (b,)."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    client, item = batch.client, batch.item
    own = (item[None, :] == item[:, None]) | (client[None, :] == client[:, None])
    others = ~own | jnp.eye(len(item), dtype=bool)
    return jnp.diagonal(jax.nn.log_softmax(jnp.where(others, logits, -jnp.inf), axis=1))
