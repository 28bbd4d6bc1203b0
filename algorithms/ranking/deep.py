"""What the networks share: words as padded tables, and training steps (AdamW) that tell each taken item from the others
of its batch. JAX and Optax are the extra `deep`; the CPU is enough, and a GPU is used where JAX finds one."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Progress, Singles, ignore
from algorithms.ranking.examples import BATCH, Batch, Examples
from domain.arrays import Ints
from errors import BadInput

WORDS: Final = 12
"""Most words of a client or item that count."""
EPOCHS: Final = 4
LEAST: Final = 100
"""Fewest training steps, however little there is to learn from."""
RATE: Final = 3e-3
DECAY: Final = 0.3
"""Weight decay, times the rate, at each step. It regularises so well that training longer changes nothing: early
stopping is not needed."""
INSTALLED: Final = all(find_spec(name) for name in ("jax", "optax"))
Params = dict[str, Any]
Scores = Callable[[Params, dict[str, Any], Batch], Any]
"""From parameters, known arrays and a batch: how well each of its items suits each of its clients, (b, b)."""


def pad_words(words: FeatureMatrix) -> Ints:
    """Pad the first WORDS of each thing with 0 to as many columns as the longest needs; word ids are raised by one."""
    counts = np.diff(words.start)
    table = np.zeros((len(words), min(max(int(counts.max(initial=0)), 1), WORDS)), np.int64)
    rows = np.repeat(np.arange(len(words)), counts)
    column = np.arange(len(words.word)) - np.repeat(words.start[:-1], counts)
    fits = column < WORDS
    table[rows[fits], column[fits]] = words.word[fits] + 1
    return table


def draw_vectors(rng: np.random.Generator, rows: int, d: int, size: float = 0.05) -> Singles:
    """Draw small random vectors, (rows, d)."""
    return (rng.standard_normal((rows, d)) * size).astype(np.float32)


def average_words(vectors: Any, words: Any) -> Any:
    """Compute the mean vector of `words` (..., words), zeros without words."""
    present = (words > 0)[..., None]
    return (vectors[words] * present).sum(axis=-2) / present.sum(axis=-2).clip(1)


def normalise(vectors: Any) -> Any:
    """Scale vectors to length 1; zeros stay near 0."""
    return vectors / ((vectors**2).sum(axis=-1, keepdims=True) + 1e-6) ** 0.5


def train(
    params: Params,
    scores: Scores,
    known: dict[str, Any],
    examples: Examples,
    epochs: int,
    seed: int,
    progress: Progress = ignore,
) -> Params:
    """Train the parameters for `epochs` and return them. The same seed gives the same result on the same machine.

    Raises BadInput without the extra `deep`.
    """
    try:
        import jax  # noqa: PLC0415
        import optax  # noqa: PLC0415
    except ModuleNotFoundError:
        raise BadInput("networks need JAX and Optax: pip install 'selvedge[deep]'", "algorithm") from None

    if not len(examples.rows):
        return params
    rng = np.random.default_rng(seed)
    batches = max(len(examples.rows) // BATCH, 1)
    epochs = max(epochs, -(-LEAST // batches))
    optimiser = optax.adamw(optax.cosine_decay_schedule(RATE, epochs * batches), weight_decay=DECAY)
    log_frequency = examples.log_frequency

    def loss(params: Params, known: dict[str, Any], log_frequency: Any, batch: Batch) -> Any:
        likelihood = log_likelihood(scores(params, known, batch) - log_frequency[batch.item], batch)
        return -(batch.weight * likelihood).sum() / batch.weight.sum()

    @jax.jit
    def step(
        params: Params, memory: Any, known: dict[str, Any], log_frequency: Any, batch: Batch
    ) -> tuple[Params, Any]:
        change, memory = optimiser.update(jax.grad(loss)(params, known, log_frequency, batch), memory, params)
        return optax.apply_updates(params, change), memory

    params, known, log_frequency = jax.device_put((params, known, log_frequency))
    memory = optimiser.init(params)
    for epoch in range(epochs):
        progress(f"network, epoch {epoch + 1} of {epochs}, {batches:,} steps each")
        for batch in examples.iterate_batches(rng):
            params, memory = step(params, memory, known, log_frequency, batch)
    return {name: np.asarray(value) for name, value in params.items()}


def log_likelihood(logits: Any, batch: Batch) -> Any:
    """Compute the log likelihood of each client's own item among those of the batch that others took, (b,)."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    client, item = batch.client, batch.item
    own = (item[None, :] == item[:, None]) | (client[None, :] == client[:, None])
    others = ~own | jnp.eye(len(item), dtype=bool)
    return jnp.diagonal(jax.nn.log_softmax(jnp.where(others, logits, -jnp.inf), axis=1))
