"""`Affinity`: how well an item goes with those that are in the box already.

A conditional logit over six likenesses of a candidate to the box: the words of the titles (mean and nearest), the steps
of the categories, the first word of the title (mostly the brand), the intent in words if one is stated, and how often
the two were bundled before. The weights are learnt in `learning.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from scipy import sparse

from algorithms.bundles.goods import Bundles, Goods
from algorithms.bundles.texts import Matrix, Vocabulary, category_steps, words
from domain.arrays import Floats, Ints
from errors import BadInput

LIKENESSES: Final = ("words", "nearest_words", "categories", "intent", "first_word", "bundled")
FILE: Final = "affinity.json"


@dataclass(frozen=True)
class Shelf:
    """The items that there are now, ready to be compared: rows of unit vectors, shape (n, v) each."""

    goods: Goods
    titles: Matrix
    categories: Matrix
    described: Matrix
    first: Ints
    vocabulary: Vocabulary

    @classmethod
    def of(cls, goods: Goods) -> Self:
        """An intent is compared with the words of titles and categories together, in whose `vocabulary` it is read."""
        split = [words(title) for title in goods.titles]
        steps = [category_steps(category) for category in goods.categories]
        both = [[*title, *words(category)] for title, category in zip(split, goods.categories, strict=True)]
        titles, vocabulary = Vocabulary.of(split).vectors(split), Vocabulary.of(both)
        firsts: dict[str, int] = {}
        first = [firsts.setdefault(each[0], len(firsts)) if each else -1 - place for place, each in enumerate(split)]
        categories = Vocabulary.of(steps).vectors(steps)
        return cls(goods, titles, categories, vocabulary.vectors(both), np.array(first), vocabulary)

    def bundled(self, bundles: Bundles) -> Matrix:
        """How often each two items are in one bundle, shape (n, n)."""
        sizes = [len(member) for member in bundles.members]
        rows, columns = np.repeat(np.arange(len(sizes)), sizes), np.concatenate([*bundles.members, _NONE])
        held = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)), (max(len(sizes), 1), len(self.goods.ids))
        )
        together = (held.T @ held).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        return together

    def likenesses(self, together: Matrix, box: Ints, candidates: Ints, intent: str = "") -> Floats:
        """Of each candidate to the box, shape (candidates, 6), in the order of LIKENESSES."""
        found = np.zeros((len(candidates), len(LIKENESSES)), np.float64)
        if len(box):
            titles = (self.titles[candidates] @ self.titles[box].T).toarray()
            found[:, 0], found[:, 1] = titles.mean(axis=1), titles.max(axis=1)
            found[:, 2] = np.asarray((self.categories[candidates] @ self.categories[box].T).mean(axis=1)).ravel()
            found[:, 4] = (self.first[candidates][:, None] == self.first[box][None, :]).mean(axis=1)
            found[:, 5] = np.log1p(np.asarray(together[box].sum(axis=0)).ravel()[candidates])
        if intent:
            found[:, 3] = (self.described[candidates] @ self.vocabulary.vectors([words(intent)]).T).toarray().ravel()
        return found


@dataclass(frozen=True)
class Affinity:
    """Learnt `weights`, one for each of LIKENESSES, over the items of a shelf."""

    shelf: Shelf
    together: Matrix
    weights: Floats

    def best(self, box: Ints, k: int, intent: str = "") -> list[tuple[str, float]]:
        """The `k` items that go best with those in `box` and are not among them, with their scores."""
        scores = self.shelf.likenesses(self.together, box, np.arange(len(self.shelf.goods.ids)), intent) @ self.weights
        scores[box] = -np.inf
        order = np.argsort(-scores, kind="stable")[: min(k, len(scores) - len(box))]
        return [(self.shelf.goods.ids[place], float(scores[place])) for place in order]

    def save(self, folder: Path) -> None:
        """Weights, and the pairs that were bundled, into an existing folder."""
        pairs, ids = sparse.triu(self.together).tocoo(), self.shelf.goods.ids
        bundled = [[ids[a], ids[b], int(n)] for a, b, n in zip(pairs.row, pairs.col, pairs.data, strict=True)]
        kept = {"weights": dict(zip(LIKENESSES, self.weights.tolist(), strict=True)), "bundled": bundled}
        (folder / FILE).write_text(json.dumps(kept))

    @classmethod
    def load(cls, folder: Path, goods: Goods) -> Self:
        """What `save` wrote, over the items as they are now: items may have come and gone. Raises BadInput."""
        try:
            kept = json.loads((folder / FILE).read_text())
            weights = np.array([float(kept["weights"][name]) for name in LIKENESSES])
            known = [(goods.index[a], goods.index[b], n) for a, b, n in kept["bundled"]
                     if a in goods.index and b in goods.index]  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise BadInput(f"holds no affinity: {type(broken).__name__}", str(folder / FILE)) from None
        a, b, n = (np.array([each[place] for each in known], np.int64) for place in range(3))
        both = (np.concatenate([n, n]).astype(np.float32), (np.concatenate([a, b]), np.concatenate([b, a])))
        return cls(Shelf.of(goods), sparse.csr_matrix(both, (len(goods.ids),) * 2), weights)


def affinity(model: Affinity, box: Sequence[str], candidates: Sequence[str], intent: str = "") -> Floats:
    """How well each candidate goes with the ids in `box`, shape (candidates,). A difference of two is the log odds of
    the one being chosen over the other.

    Ids that the model does not know are passed over in the box and have 0 as candidates, which is as good as nothing
    in common. An empty box leaves the intent alone to go by.
    """
    index = model.shelf.goods.index
    known = [place for place, each in enumerate(candidates) if each in index]
    within = np.array([index[each] for each in box if each in index], np.int64)
    scores = np.zeros(len(candidates))
    rows = np.array([index[candidates[place]] for place in known], np.int64)
    scores[known] = model.shelf.likenesses(model.together, within, rows, intent) @ model.weights
    return scores


_NONE: Final = np.zeros(0, np.int64)
