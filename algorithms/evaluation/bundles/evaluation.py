"""How often the hidden item of a bundle is found by a model that learnt from other bundles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from algorithms.evaluation.bundles.goods import Bundles
from algorithms.evaluation.bundles.learning import fit_affinity, select_bundles
from algorithms.evaluation.bundles.model import LIKENESSES, ItemVectors
from domain.arrays import Floats, Ints

DRAWS: Final = 2_000


def evaluate(
    item_vectors: ItemVectors,
    bundles: Bundles,
    k: int = 10,
    folds: int = 5,
    seed: int = 42,
    more: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure hit rate@k and mean reciprocal rank of `affinity`, beside the likeness of titles and categories, and
    popularity.

    Each item of each bundle is hidden once and ranked among all items that are not in the box; ties share their ranks.
    A bundle's items are averaged, so that each bundle counts once. `more` receives how many more bundles are done.
    """
    n = len(bundles.members)
    fold = np.random.default_rng(seed).permutation(n) % folds
    ranks: dict[str, list[Floats]] = {}
    order: list[int] = []
    for number in range(folds):
        left_out = np.flatnonzero(fold == number)
        ranks_by_name = _rank_hidden_items(
            item_vectors,
            select_bundles(bundles, np.flatnonzero(fold != number)),
            select_bundles(bundles, left_out),
            seed,
            more,
        )
        order += left_out.tolist()
        for name, of_bundles in ranks_by_name.items():
            ranks.setdefault(name, []).extend(of_bundles)
    hits = {name: np.array([(number <= k).mean() for number in of]) for name, of in ranks.items()}
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, n, (DRAWS, n))
    return {
        "bundles": n,
        "items": len(item_vectors.goods.ids),
        "k": k,
        "folds": folds,
        "seed": seed,
        "algorithms": {
            name: {
                "hit_rate": round(float(hits[name].mean()), 4),
                "hit_rate_interval": _compute_interval(hits[name][draws].mean(axis=1)),
                "reciprocal_rank": round(float(np.mean([(1 / number).mean() for number in of])), 4),
                "over_titles": round(float((hits[name] - hits["titles"]).mean()), 4),
                "over_titles_interval": _compute_interval((hits[name] - hits["titles"])[draws].mean(axis=1)),
            }
            for name, of in ranks.items()
        },
    }


def _rank_hidden_items(
    item_vectors: ItemVectors, known: Bundles, held_out: Bundles, seed: int, more: Callable[[int], None]
) -> dict[str, list[Floats]]:
    """Rank each item of each bundle in `held_out` when it is the hidden one."""
    model = fit_affinity(item_vectors, known, seed)
    silent, new = model.weights.copy(), model.weights.copy()
    silent[LIKENESSES.index("intent")] = 0.0
    new[LIKENESSES.index("bundled")] = 0.0
    popularity = np.bincount(np.concatenate(known.members), minlength=len(item_vectors.goods.ids)).astype(np.float64)
    everything = np.arange(len(item_vectors.goods.ids))
    ranks: dict[str, list[Floats]] = {}
    for members, intent in zip(held_out.members, held_out.intents, strict=True):
        by_name: dict[str, list[float]] = {}
        for position in range(len(members)):
            box = np.delete(members, position)
            likeness = item_vectors.compute_likenesses(model.together, box, everything, intent)
            for name, scores in (
                ("affinity", likeness @ model.weights),
                ("affinity_without_intent", likeness @ silent),
                ("affinity_of_new_items", likeness @ new),
                ("titles", likeness[:, LIKENESSES.index("words")]),
                ("categories", likeness[:, LIKENESSES.index("categories")]),
                ("bundled", likeness[:, LIKENESSES.index("bundled")]),
                ("popularity", popularity),
            ):
                by_name.setdefault(name, []).append(_compute_rank(scores, box, int(members[position])))
        for name, of_items in by_name.items():
            ranks.setdefault(name, []).append(np.array(of_items))
        more(1)
    return ranks


def _compute_rank(scores: Floats, box: Ints, hidden: int) -> float:
    """Compute the rank from 1; items of the same score share the mean of their ranks."""
    own, others = scores[hidden], np.delete(scores, box)
    return float((others > own).sum() + ((others == own).sum() + 1) / 2)


def _compute_interval(means: Floats) -> list[float]:
    """Compute the middle 95 %."""
    return [round(float(bound), 4) for bound in np.percentile(means, [2.5, 97.5])]
