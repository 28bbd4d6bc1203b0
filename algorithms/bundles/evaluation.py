"""How often the hidden item of a bundle is found: learnt from the other bundles, asked of those left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from algorithms.bundles.goods import Bundles
from algorithms.bundles.learning import learn, part
from algorithms.bundles.model import LIKENESSES, Shelf
from domain.arrays import Floats, Ints

DRAWS: Final = 2_000


def evaluate(
    shelf: Shelf,
    bundles: Bundles,
    k: int = 10,
    folds: int = 5,
    seed: int = 42,
    more: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Hit rate@k and mean reciprocal rank of `affinity` beside the likeness of titles, of categories and popularity.

    Each item of each bundle is hidden once and ranked among all items that are not in the box; ties share their places.
    A bundle's items are averaged, so that each bundle counts once. `more` is told how many bundles are done.
    """
    n = len(bundles.members)
    fold = np.random.default_rng(seed).permutation(n) % folds
    ranks: dict[str, list[Floats]] = {}
    order: list[int] = []
    for each in range(folds):
        left_out = np.flatnonzero(fold == each)
        found = _ranks_of(shelf, part(bundles, np.flatnonzero(fold != each)), part(bundles, left_out), seed, more)
        order += left_out.tolist()
        for name, of_bundles in found.items():
            ranks.setdefault(name, []).extend(of_bundles)
    hits = {name: np.array([(each <= k).mean() for each in of]) for name, of in ranks.items()}
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, n, (DRAWS, n))
    return {
        "bundles": n,
        "items": len(shelf.goods.ids),
        "k": k,
        "folds": folds,
        "seed": seed,
        "algorithms": {
            name: {
                "hit_rate": round(float(hits[name].mean()), 4),
                "hit_rate_interval": _middle(hits[name][draws].mean(axis=1)),
                "reciprocal_rank": round(float(np.mean([(1 / each).mean() for each in of])), 4),
                "over_titles": round(float((hits[name] - hits["titles"]).mean()), 4),
                "over_titles_interval": _middle((hits[name] - hits["titles"])[draws].mean(axis=1)),
            }
            for name, of in ranks.items()
        },
    }


def _ranks_of(
    shelf: Shelf, known: Bundles, asked: Bundles, seed: int, more: Callable[[int], None]
) -> dict[str, list[Floats]]:
    """Of each bundle that is asked, the rank of each of its items when it is the hidden one."""
    model = learn(shelf, known, seed)
    silent, new = model.weights.copy(), model.weights.copy()
    silent[LIKENESSES.index("intent")] = 0.0
    new[LIKENESSES.index("bundled")] = 0.0
    popularity = np.bincount(np.concatenate(known.members), minlength=len(shelf.goods.ids)).astype(np.float64)
    everything = np.arange(len(shelf.goods.ids))
    ranks: dict[str, list[Floats]] = {}
    for members, intent in zip(asked.members, asked.intents, strict=True):
        by_name: dict[str, list[float]] = {}
        for place in range(len(members)):
            box = np.delete(members, place)
            likeness = shelf.likenesses(model.together, box, everything, intent)
            for name, scores in (
                ("affinity", likeness @ model.weights),
                ("affinity_without_intent", likeness @ silent),
                ("affinity_of_new_items", likeness @ new),
                ("titles", likeness[:, LIKENESSES.index("words")]),
                ("categories", likeness[:, LIKENESSES.index("categories")]),
                ("bundled", likeness[:, LIKENESSES.index("bundled")]),
                ("popularity", popularity),
            ):
                by_name.setdefault(name, []).append(_rank(scores, box, int(members[place])))
        for name, of_items in by_name.items():
            ranks.setdefault(name, []).append(np.array(of_items))
        more(1)
    return ranks


def _rank(scores: Floats, box: Ints, hidden: int) -> float:
    """From 1; items of the same score share the mean of their places."""
    mine, left = scores[hidden], np.delete(scores, box)
    return float((left > mine).sum() + ((left == mine).sum() + 1) / 2)


def _middle(drawn: Floats) -> list[float]:
    """The middle 95 %."""
    return [round(float(each), 4) for each in np.percentile(drawn, [2.5, 97.5])]
