"""`Affinity`: how well an item goes with those that are in the box already.

A conditional logit over six likenesses of a candidate to the box: the words of the titles (mean and nearest), the steps
of the categories, the first word of the title (mostly the brand), the intent in words if there is one, and how often
the two were bundled before. The weights are fitted in `learning.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from scipy import sparse

from algorithms.evaluation.bundles.goods import Bundles, Goods
from algorithms.evaluation.bundles.texts import Matrix, Vocabulary, split_category, words
from domain.arrays import Floats, Ints
from errors import BadInput

LIKENESSES: Final = ("words", "nearest_words", "categories", "intent", "first_word", "bundled")
FILE: Final = "affinity.json"


@dataclass(frozen=True)
class ItemVectors:
    """The items of today, ready to be compared: rows of unit vectors, shape (n, v) each."""

    goods: Goods
    titles: Matrix
    categories: Matrix
    described: Matrix
    first: Ints
    vocabulary: Vocabulary

    @classmethod
    def of(cls, goods: Goods) -> Self:
        """Build the vectors. An intent is compared with the words of titles and categories together, in
        `vocabulary`."""
        split = [words(title) for title in goods.titles]
        steps = [split_category(category) for category in goods.categories]
        both = [[*title, *words(category)] for title, category in zip(split, goods.categories, strict=True)]
        titles, vocabulary = Vocabulary.of(split).vectorise(split), Vocabulary.of(both)
        firsts: dict[str, int] = {}
        first = [
            firsts.setdefault(title_words[0], len(firsts)) if title_words else -1 - index
            for index, title_words in enumerate(split)
        ]
        categories = Vocabulary.of(steps).vectorise(steps)
        return cls(goods, titles, categories, vocabulary.vectorise(both), np.array(first), vocabulary)

    def count_pairs(self, bundles: Bundles) -> Matrix:
        """Count how often each two items are in one bundle, shape (n, n)."""
        sizes = [len(member) for member in bundles.members]
        rows, columns = np.repeat(np.arange(len(sizes)), sizes), np.concatenate([*bundles.members, _NONE])
        membership = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)), (max(len(sizes), 1), len(self.goods.ids))
        )
        together = (membership.T @ membership).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        return together

    def compute_likenesses(self, together: Matrix, box: Ints, candidates: Ints, intent: str = "") -> Floats:
        """Compute the likenesses of each candidate to the box, shape (candidates, 6), in the order of LIKENESSES."""
        likenesses = np.zeros((len(candidates), len(LIKENESSES)), np.float64)
        if len(box):
            titles = (self.titles[candidates] @ self.titles[box].T).toarray()
            likenesses[:, 0], likenesses[:, 1] = titles.mean(axis=1), titles.max(axis=1)
            likenesses[:, 2] = np.asarray((self.categories[candidates] @ self.categories[box].T).mean(axis=1)).ravel()
            likenesses[:, 4] = (self.first[candidates][:, None] == self.first[box][None, :]).mean(axis=1)
            likenesses[:, 5] = np.log1p(np.asarray(together[box].sum(axis=0)).ravel()[candidates])
        if intent:
            likenesses[:, 3] = (
                (self.described[candidates] @ self.vocabulary.vectorise([words(intent)]).T).toarray().ravel()
            )
        return likenesses


@dataclass(frozen=True)
class Affinity:
    """Fitted `weights`, one for each of LIKENESSES, over the vectors of items."""

    item_vectors: ItemVectors
    together: Matrix
    weights: Floats

    def select_best(self, box: Ints, k: int, intent: str = "") -> list[tuple[str, float]]:
        """Select the `k` items that go best with those in `box` and are not among them, with their scores."""
        scores = (
            self.item_vectors.compute_likenesses(
                self.together, box, np.arange(len(self.item_vectors.goods.ids)), intent
            )
            @ self.weights
        )
        scores[box] = -np.inf
        order = np.argsort(-scores, kind="stable")[: min(k, len(scores) - len(box))]
        return [(self.item_vectors.goods.ids[index], float(scores[index])) for index in order]

    def save(self, folder: Path) -> None:
        """Save the weights, and the pairs that were bundled, into an existing folder."""
        pairs, ids = sparse.triu(self.together).tocoo(), self.item_vectors.goods.ids
        bundled = [[ids[a], ids[b], int(n)] for a, b, n in zip(pairs.row, pairs.col, pairs.data, strict=True)]
        document = {"weights": dict(zip(LIKENESSES, self.weights.tolist(), strict=True)), "bundled": bundled}
        (folder / FILE).write_text(json.dumps(document))

    @classmethod
    def load(cls, folder: Path, goods: Goods) -> Self:
        """Load what `save` wrote, over the items as they are now: items may have come and gone. Raises BadInput."""
        try:
            document = json.loads((folder / FILE).read_text())
            weights = np.array([float(document["weights"][name]) for name in LIKENESSES])
            pairs = [(goods.index[a], goods.index[b], n) for a, b, n in document["bundled"]
                     if a in goods.index and b in goods.index]  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise BadInput(f"holds no affinity: {type(broken).__name__}", str(folder / FILE)) from None
        a, b, n = (np.array([pair[column] for pair in pairs], np.int64) for column in range(3))
        both = (np.concatenate([n, n]).astype(np.float32), (np.concatenate([a, b]), np.concatenate([b, a])))
        return cls(ItemVectors.of(goods), sparse.csr_matrix(both, (len(goods.ids),) * 2), weights)


def score_affinity(model: Affinity, box: Sequence[str], candidates: Sequence[str], intent: str = "") -> Floats:
    """Score how well each candidate goes with the ids in `box`, shape (candidates,). A difference of two is the log
    odds of the one being chosen over the other.

    Unknown ids are ignored in the box and have 0 as candidates, which is as good as nothing in common. With an empty
    box the intent alone decides.
    """
    index = model.item_vectors.goods.index
    known = [position for position, item_id in enumerate(candidates) if item_id in index]
    within = np.array([index[item_id] for item_id in box if item_id in index], np.int64)
    scores = np.zeros(len(candidates))
    rows = np.array([index[candidates[position]] for position in known], np.int64)
    scores[known] = model.item_vectors.compute_likenesses(model.together, within, rows, intent) @ model.weights
    return scores


_NONE: Final = np.zeros(0, np.int64)
