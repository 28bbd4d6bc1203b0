"""The input of rankers as arrays (interactions, features, targets), their common interface, and helpers for sparse
matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY

Singles: TypeAlias = NDArray[np.float32]
Progress = Callable[[str], None]
"""Told what is done next, in a few words; several threads may tell."""
NONE: Final = -1
"""No context."""
FEW: Final = 8
"""Rows of a matrix that are few: see `multiply_columns` and `dot_products`."""


@dataclass(frozen=True)
class FeatureMatrix:
    """What describes each of n things, as flags in a sparse matrix (n, words). A thing without words has an empty
    row."""

    names: tuple[str, ...]
    start: Ints
    """Shape (n + 1,): thing i has the words `word[start[i]:start[i + 1]]`."""
    word: Ints

    @classmethod
    def of(cls, described: Sequence[Iterable[str]]) -> Self:
        """Build the matrix from the words of each thing."""
        names: dict[str, int] = {}
        columns = [
            sorted({names.setdefault(word, len(names)) for word in words_of_item}) for words_of_item in described
        ]
        start = np.concatenate(
            [[0], np.cumsum([len(words_of_item) for words_of_item in columns], dtype=np.int64)]
        ).astype(np.int64)
        return cls(
            tuple(names), start, np.array([column for words_of_item in columns for column in words_of_item], np.int64)
        )

    @classmethod
    def none(cls, n: int) -> Self:
        """Build the matrix of n things of which nothing is known."""
        return cls((), np.zeros(n + 1, np.int64), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    def keep_shared(self, fewest: int, most: int) -> FeatureMatrix:
        """Keep the words that describe at least `fewest` things; of more than `most` such words, the most common."""
        times = np.bincount(self.word, minlength=len(self.names))
        kept = times >= fewest
        kept[np.argsort(-times, kind="stable")[most:]] = False
        number = np.cumsum(kept) - 1
        before = np.concatenate([[0], np.cumsum(kept[self.word])])
        names = tuple(name for name, is_kept in zip(self.names, kept.tolist(), strict=True) if is_kept)
        return FeatureMatrix(names, before[self.start], number[self.word[kept[self.word]]])

    def matrix(self) -> Any:
        """Return the flags as a sparse matrix (n, words) of ones (scipy CSR)."""
        from scipy import sparse  # noqa: PLC0415

        ones = np.ones(len(self.word), np.float32)
        return sparse.csr_matrix((ones, self.word, self.start), (len(self), len(self.names)))

    def within(self, columns: Mapping[str, int]) -> Any:
        """Return the flags in the columns that `columns` gives to words, sparse (n, len(columns)); other words are left
        out."""
        column = np.array([columns.get(name, NONE) for name in self.names], np.int64)
        return renumber_columns(self.matrix(), column, len(columns))


@dataclass(frozen=True)
class Interactions:
    """m interactions of c clients with n items. Clients and items without any are cold: they keep their index in every
    part."""

    clients: tuple[str, ...]
    items: tuple[str, ...]
    contexts: tuple[str, ...]
    client: Ints
    item: Ints
    at: Floats
    """Epoch seconds."""
    context: Ints
    """Index into `contexts`, NONE where there is none."""
    value: Floats | None
    item_words: FeatureMatrix
    client_words: FeatureMatrix
    refused: Ints | None = None
    """Clients and items that they sent back, shape (r, 2)."""

    def __len__(self) -> int:
        return len(self.at)

    def part(self, rows: Flags | Ints) -> Interactions:
        """Select some of the interactions; clients and items keep their indices."""
        value = None if self.value is None else self.value[rows]
        columns = {name: getattr(self, name)[rows] for name in ("client", "item", "at", "context")}
        return replace(self, value=value, **columns)

    def sort(self) -> Interactions:
        """Put the interactions in the one order that depends on what they say alone: sums of fractions, and so ties,
        depend on the order."""
        value = np.zeros(len(self)) if self.value is None else self.value
        return self.part(np.lexsort((value, self.context, self.item, self.client, self.at)))

    @cached_property
    def now(self) -> float:
        """The latest moment known."""
        return float(self.at.max(initial=0.0))

    @cached_property
    def age(self) -> Floats:
        """Days before `now`."""
        return (self.now - self.at) / DAY

    @cached_property
    def counts(self) -> Any:
        """How often each client took each item: sparse (c, n), float32 (scipy CSR)."""
        from scipy import sparse  # noqa: PLC0415

        ones = np.ones(len(self), np.float32)
        shape = (len(self.clients), len(self.items))
        return sparse.coo_matrix((ones, (self.client, self.item)), shape).tocsr()

    @cached_property
    def taken(self) -> Any:
        """Whether each client took each item: `counts` with ones."""
        flags = self.counts.copy()
        flags.data[:] = 1.0
        return flags

    @cached_property
    def refusals(self) -> Any:
        """Which items each client sent back: sparse (c, n) of ones (scipy CSR)."""
        from scipy import sparse  # noqa: PLC0415

        pairs = np.zeros((0, 2), np.int64) if self.refused is None else self.refused
        cells = (np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1]))
        return sparse.coo_matrix(cells, (len(self.clients), len(self.items))).tocsr()

    @cached_property
    def warm(self) -> Flags:
        """Which clients have interactions, shape (c,)."""
        return np.bincount(self.client, minlength=len(self.clients)) > 0

    @cached_property
    def seen(self) -> Flags:
        """Which items have interactions, shape (n,)."""
        return np.bincount(self.item, minlength=len(self.items)) > 0


@dataclass(frozen=True)
class Targets:
    """What lists are wanted for: a client each, and the context or NONE; both of shape (t,)."""

    client: Ints
    context: Ints

    def __len__(self) -> int:
        return len(self.client)

    def part(self, rows: slice | Flags | Ints) -> Targets:
        """Select some of the targets."""
        return Targets(self.client[rows], self.context[rows])


State: TypeAlias = dict[str, Any]
"""What an algorithm learnt, by name: arrays, sparse matrices (CSR) and plain values."""


def select_substate(state: State, part: str) -> State:
    """Select the entries of a state whose names begin with `part-`, named by the rest."""
    return {name.partition("-")[2]: value for name, value in state.items() if name.startswith(f"{part}-")}


class RankingAlgorithm(Protocol):
    """A ranker: it learns from interactions, then scores items for clients."""

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Learn from the interactions. The same seed gives the same model."""

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score how well each of `items` suits each target, shape (t, len(items)), finite; larger is better."""

    def state(self) -> State:
        """Return all that was learnt."""

    def restore(self, state: State) -> None:
        """Load what `state` returned; arrays may be mapped from disk."""

    def fold_in_users(self, users: Interactions) -> Self:
        """Return a copy that knows the clients of `users`, as they are there, in place of the clients it was trained on
        (fold-in).

        The items of `users` are those of the training, then those of `add_items`.
        """

    def add_items(self, words: FeatureMatrix) -> None:
        """Add items that are newer than the training, known by their words alone; they follow the trained ones.

        Call `fold_in_users` after it, not before.
        """


def ignore(_what: str) -> None:
    """Tell nobody."""


def contains_pairs(matrix: Any, rows: Ints, columns: Ints) -> Flags:
    """Tell whether a sparse matrix (CSR) has an entry at each (row, column)."""
    width = matrix.shape[1]
    entries = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices
    return np.isin(rows * width + columns, entries)


def renumber_columns(matrix: Any, target: Ints, width: int) -> Any:
    """Move column i of a sparse matrix (CSR) to `target[i]` of `width` columns, or drop it where that is NONE."""
    from scipy import sparse  # noqa: PLC0415

    renumbered = target[matrix.indices]
    kept = renumbered != NONE
    before = np.concatenate([[0], np.cumsum(kept)])
    parts = (matrix.data[kept], renumbered[kept], before[matrix.indptr])
    return sparse.csr_matrix(parts, (matrix.shape[0], width))


def append_columns(values: NDArray[Any], more: int, fill: float = 0.0) -> NDArray[Any]:
    """Append `more` columns of `fill` to an array (to its last axis)."""
    added = np.full((*values.shape[:-1], more), fill, values.dtype)
    return np.concatenate([values, added], axis=-1)


def append_empty(matrix: Any, rows: int, more: int) -> Any:
    """Append empty rows and columns to a sparse matrix (CSR): `rows` and `more` of them."""
    from scipy import sparse  # noqa: PLC0415

    ends = np.concatenate([matrix.indptr, np.full(rows, matrix.indptr[-1], matrix.indptr.dtype)])
    shape = (matrix.shape[0] + rows, matrix.shape[1] + more)
    return sparse.csr_matrix((matrix.data, matrix.indices, ends), shape, copy=False)


def multiply_columns(rows: Any, matrix: Any, items: Ints) -> Singles:
    """Compute some columns of the product of two sparse matrices.

    With few rows the columns are selected last: selecting them first takes as long as reading the whole matrix.
    """
    if rows.shape[0] <= FEW:
        return np.asarray((rows @ matrix).toarray()[:, items], np.float32)
    return np.asarray((rows @ select_columns(matrix, items)).toarray(), np.float32)


def dot_products(clients: Singles, vectors: Singles, items: Ints) -> Singles:
    """Compute scalar products (t, len(items)) of clients with some of the item vectors.

    Few clients are computed on one thread, because a small product loses more by sharing than it gains; and for most of
    the items with all vectors, because gathering vectors takes longer.
    """
    if len(clients) > FEW:
        return np.asarray(clients @ vectors[items].T, np.float32)
    if 2 * len(items) > len(vectors):
        return np.asarray(np.einsum("tf,nf->tn", clients, vectors)[:, items], np.float32)
    return np.asarray(np.einsum("tf,nf->tn", clients, vectors[items]), np.float32)


def select_columns(matrix: Any, items: Ints) -> Any:
    """Select columns of a sparse matrix in the order of `items`; all in their own order are returned as they are."""
    return matrix if is_everything(items, matrix.shape[1]) else matrix[:, items]


def is_everything(items: Ints, n: int) -> bool:
    """Tell whether `items` are all n, in their own order."""
    return len(items) == n and bool((np.diff(items) == 1).all())
