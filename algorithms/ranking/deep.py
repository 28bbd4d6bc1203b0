"""What the networks share: words as padded tables, and steps of Adam over shuffled interactions (JAX, Optax: the extra
`deep`). The CPU is enough; where JAX finds a GPU it uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import Log, Singles, Words
from domain.arrays import Ints

WORDS: Final = 12
"""Words of a client or item that count."""
BATCH: Final = 1_024
RATE: Final = 3e-3
LEAST: Final = 300
"""Steps at least, however little there is to learn from."""
HALF_LIFE_DAYS: Final = 180.0
Params = dict[str, Any]


def padded(words: Words) -> Ints:
    """The first WORDS of each thing, one added, 0 where there are fewer: (n, WORDS)."""
    found = np.zeros((len(words), WORDS), np.int64)
    counts = np.diff(words.start)
    rows = np.repeat(np.arange(len(words)), counts)
    place = np.arange(len(words.word)) - np.repeat(words.start[:-1], counts)
    kept = place < WORDS
    found[rows[kept], place[kept]] = words.word[kept] + 1
    return found


def table(rng: np.random.Generator, rows: int, d: int) -> Singles:
    """Small random vectors."""
    return (rng.standard_normal((rows, d)) * 0.05).astype(np.float32)


def mean_of(vectors: Any, places: Any) -> Any:
    """The mean vector of the words at `places` (n, WORDS), zeros without words."""
    there = (places > 0)[..., None]
    return (vectors[places] * there).sum(axis=-2) / there.sum(axis=-2).clip(1)


def side(params: Params, name: str, own: Any, known: Any, words: Any) -> Any:
    """Vectors of clients or items: their own where there is anything to learn it from, and the mean of their words'."""
    return params[name][own] * known[..., None] + mean_of(params[f"{name} words"], words)


def learnt(params: Params, loss: Callable[..., Any], log: Log, epochs: int, seed: int) -> Params:
    """Parameters after `epochs`; `loss(params, client, item, context, weight, key)` of a batch. The same seed gives the
    same parameters on the same machine."""
    import jax  # noqa: PLC0415
    import optax  # noqa: PLC0415

    optimiser = optax.adam(RATE)

    def one(params: Params, memory: Any, batch: Any, key: Any) -> tuple[Params, Any]:
        slope = jax.grad(loss)(params, *batch, key)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(params, change), memory

    step = jax.jit(one)
    weight = np.exp2(-log.age / HALF_LIFE_DAYS).astype(np.float32)
    columns = (log.client, log.item, log.context, weight)
    rng, key, memory = np.random.default_rng(seed), jax.random.key(seed), optimiser.init(params)
    size = min(BATCH, len(log))
    for _ in range(max(epochs, LEAST * size // max(len(log), 1))):
        order = rng.permutation(len(log))
        for begin in range(0, len(order) - size + 1, size):
            key, fresh = jax.random.split(key)
            rows = order[begin : begin + size]
            params, memory = step(params, memory, tuple(column[rows] for column in columns), fresh)
    return {name: np.asarray(value) for name, value in params.items()}
