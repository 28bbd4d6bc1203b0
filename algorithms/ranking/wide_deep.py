"""`wide-deep`: a linear part that knows the popularity of items, and a network over vectors of client, context and
item; learnt together by telling the item taken from drawn ones (Cheng et al. 2016)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.data import Asked, Log, Singles, State
from algorithms.ranking.trends import item_signals
from domain.arrays import Ints

D: Final = 16
HIDDEN: Final = 32
EPOCHS: Final = 6
DRAWN: Final = 40
"""Items drawn beside each one taken."""
AT_ONCE: Final = 4_000_000
"""Values of the hidden layer held at once in scoring."""


class WideDeep:
    """Serving needs no JAX."""

    def __init__(self, epochs: int = EPOCHS) -> None:
        self.epochs = epochs
        self.left = self.right = np.zeros((0, HIDDEN), np.float32)
        """The hidden layer's parts of client (c, h) and item (n, h), before they are added."""
        self.middle = np.zeros((0, HIDDEN), np.float32)
        """Of contexts, (contexts + 1, h)."""
        self.out = np.zeros(HIDDEN, np.float32)
        self.wide = np.zeros((0, 0), np.float32)
        """The linear part, (contexts + 1, n)."""

    def fit(self, log: Log, seed: int) -> None:
        """Needs the extra `deep`. The popularity that the linear part learns from is that of what came before the last
        tenth, so that it is not learnt from what it foretells."""
        import jax  # noqa: PLC0415
        import jax.numpy as jnp  # noqa: PLC0415

        rng = np.random.default_rng(seed)
        before = log.at <= np.quantile(log.at, 0.9)
        then, now = (np.stack([*item_signals(part).values()], -1) for part in (log.part(before), log))
        sides = {"client": log.client_words, "item": log.item_words}
        params = {name: deep.table(rng, len(words), D) for name, words in sides.items()}
        params |= {f"{name} words": deep.table(rng, len(words.names) + 1, D) for name, words in sides.items()}
        params["context"] = deep.table(rng, len(log.contexts) + 1, D)
        params |= {f"{name} in": deep.table(rng, D, HIDDEN) * 4 for name in ("client", "context", "item")}
        params |= {"out": deep.table(rng, 1, HIDDEN)[0], "wide": np.full(then.shape[-1], 0.1, np.float32)}
        words = {name: jnp.asarray(deep.padded(each)) for name, each in sides.items()}
        known = {"client": jnp.asarray(log.warm, jnp.float32), "item": jnp.asarray(log.seen, jnp.float32)}
        trends = jnp.asarray(then)

        def part(params: Any, name: str, own: Any) -> Any:
            return deep.side(params, name, own, known[name][own], words[name][own]) @ params[f"{name} in"]

        def loss(params: Any, client: Any, item: Any, context: Any, weight: Any, key: Any) -> Any:
            drawn = jax.random.randint(key, (len(item), DRAWN), 0, len(log.items))
            offered = jnp.concatenate([item[:, None], drawn], axis=1)
            asked = part(params, "client", client) + params["context"][context] @ params["context in"]
            hidden = jax.nn.relu(asked[:, None, :] + part(params, "item", offered))
            logits = hidden @ params["out"] + trends[context[:, None], offered] @ params["wide"]
            return -(weight * jax.nn.log_softmax(logits, axis=1)[:, 0]).sum() / weight.sum()

        found = deep.learnt(params, loss, log, self.epochs, seed)
        self.left = np.asarray(part(found, "client", np.arange(len(log.clients))))
        self.right = np.asarray(part(found, "item", np.arange(len(log.items))))
        self.middle, self.out = found["context"] @ found["context in"], found["out"]
        self.wide = np.asarray(now @ found["wide"], np.float32)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        found = np.array(self.wide[asked.context][:, items])
        mine, goods = self.left[asked.client] + self.middle[asked.context], self.right[items]
        step = max(AT_ONCE // (max(len(items), 1) * HIDDEN), 1)
        for begin in range(0, len(asked), step):
            rows = slice(begin, begin + step)
            found[rows] += np.maximum(mine[rows, None, :] + goods, 0.0) @ self.out
        return np.asarray(found, np.float32)

    def state(self) -> State:
        """Parts of the hidden layer, and the linear part."""
        return {name: getattr(self, name) for name in ("left", "right", "middle", "out", "wide")}

    def restore(self, state: State) -> None:
        """See `state`."""
        for name, value in state.items():
            setattr(self, name, value)
