"""What rankers learn from and are asked: interactions, features and targets as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY

Singles: TypeAlias = NDArray[np.float32]
NONE: Final = -1
"""No context."""
FEW: Final = 8
"""Rows."""


@dataclass(frozen=True)
class FeatureMatrix:
    """What describes each of n things, as a matrix (n, words) of flags in rows: things without words have none."""

    names: tuple[str, ...]
    start: Ints
    """Shape (n + 1,): thing i has the words `word[start[i]:start[i + 1]]`."""
    word: Ints

    @classmethod
    def of(cls, described: Sequence[Iterable[str]]) -> Self:
        """From the words of each thing."""
        names: dict[str, int] = {}
        places = [sorted({names.setdefault(word, len(names)) for word in mine}) for mine in described]
        start = np.concatenate([[0], np.cumsum([len(mine) for mine in places], dtype=np.int64)]).astype(np.int64)
        return cls(tuple(names), start, np.array([place for mine in places for place in mine], np.int64))

    @classmethod
    def none(cls, n: int) -> Self:
        """Nothing is known of any of n things."""
        return cls((), np.zeros(n + 1, np.int64), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    def matrix(self) -> Any:
        """Sparse (n, words) of ones (scipy CSR)."""
        from scipy import sparse  # noqa: PLC0415

        ones = np.ones(len(self.word), np.float32)
        return sparse.csr_matrix((ones, self.word, self.start), (len(self), len(self.names)))

    def within(self, places: Mapping[str, int]) -> Any:
        """Sparse (n, len(places)) of ones: those of the words that have a place, each in its column (scipy CSR)."""
        place = np.array([places.get(name, NONE) for name in self.names], np.int64)
        return renumbered(self.matrix(), place, len(places))


@dataclass(frozen=True)
class Log:
    """m interactions of c clients with n items. Clients and items without any are cold; all keep their places in every
    part of the log."""

    clients: tuple[str, ...]
    items: tuple[str, ...]
    contexts: tuple[str, ...]
    client: Ints
    item: Ints
    at: Floats
    """Epoch seconds."""
    context: Ints
    """Place in `contexts`, NONE where there is none."""
    value: Floats | None
    item_words: FeatureMatrix
    client_words: FeatureMatrix

    def __len__(self) -> int:
        return len(self.at)

    def part(self, rows: Flags | Ints) -> Log:
        """Some of the interactions."""
        value = None if self.value is None else self.value[rows]
        kept = {name: getattr(self, name)[rows] for name in ("client", "item", "at", "context")}
        return replace(self, value=value, **kept)

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
    def warm(self) -> Flags:
        """Which clients have interactions, shape (c,)."""
        return np.bincount(self.client, minlength=len(self.clients)) > 0

    @cached_property
    def seen(self) -> Flags:
        """Which items have interactions, shape (n,)."""
        return np.bincount(self.item, minlength=len(self.items)) > 0


@dataclass(frozen=True)
class Asked:
    """Targets: a client each, and the context asked for or NONE; both of shape (t,)."""

    client: Ints
    context: Ints

    def __len__(self) -> int:
        return len(self.client)

    def part(self, rows: slice | Flags | Ints) -> Asked:
        """Some of the targets."""
        return Asked(self.client[rows], self.context[rows])


State: TypeAlias = dict[str, Any]
"""What an algorithm learnt, by name: arrays, sparse matrices (CSR) and plain values."""


def part_of(state: State, part: str) -> State:
    """What stands in a state under names that begin with `part-`, by the rest of the name."""
    return {name.partition("-")[2]: value for name, value in state.items() if name.startswith(f"{part}-")}


class Algorithm(Protocol):
    """Learns from a log, then scores items for targets of that log."""

    def fit(self, log: Log, seed: int) -> None:
        """Learn. The same seed gives the same model."""

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """How well each of `items` suits each target, shape (t, len(items)), finite; the larger the better."""

    def state(self) -> State:
        """All that was learnt."""

    def restore(self, state: State) -> None:
        """Take what `state` gave; arrays may be mapped from disk."""

    def met(self, people: Log) -> Self:
        """A copy that knows the clients of `people` as they are there, in the place of those learnt from. Its items are
        those learnt from, then those of `widen`."""

    def widen(self, words: FeatureMatrix) -> None:
        """Take in items that came since, of which the words alone are known; they follow those learnt from. `met` has
        to come after it."""


def among(matrix: Any, rows: Ints, places: Ints) -> Flags:
    """Whether a sparse matrix (CSR) has an entry at each (row, place)."""
    width = matrix.shape[1]
    there = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices
    return np.isin(rows * width + places, there)


def renumbered(matrix: Any, place: Ints, width: int) -> Any:
    """A sparse matrix (CSR) with `width` columns: column i stands at `place[i]`, or is left out where that is NONE."""
    from scipy import sparse  # noqa: PLC0415

    column = place[matrix.indices]
    kept = column != NONE
    before = np.concatenate([[0], np.cumsum(kept)])
    parts = (matrix.data[kept], column[kept], before[matrix.indptr])
    return sparse.csr_matrix(parts, (matrix.shape[0], width))


def wider(values: NDArray[Any], more: int, fill: float = 0.0) -> NDArray[Any]:
    """An array with so many more columns (of one axis: places)."""
    added = np.full((*values.shape[:-1], more), fill, values.dtype)
    return np.concatenate([values, added], axis=-1)


def grown(matrix: Any, rows: int, more: int) -> Any:
    """A sparse matrix (CSR) with so many more rows and columns, all empty."""
    from scipy import sparse  # noqa: PLC0415

    ends = np.concatenate([matrix.indptr, np.full(rows, matrix.indptr[-1], matrix.indptr.dtype)])
    shape = (matrix.shape[0] + rows, matrix.shape[1] + more)
    return sparse.csr_matrix((matrix.data, matrix.indices, ends), shape, copy=False)


def product(rows: Any, matrix: Any, items: Ints) -> Singles:
    """Some columns of the product of two sparse matrices. They are chosen last where rows are few: to choose them first
    takes as long as to read the whole matrix."""
    if rows.shape[0] <= FEW:
        return np.asarray((rows @ matrix).toarray()[:, items], np.float32)
    return np.asarray((rows @ columns(matrix, items)).toarray(), np.float32)


def dots(mine: Singles, vectors: Singles, items: Ints) -> Singles:
    """Scalar products (t, len(items)) with some of the vectors. For few clients on one thread: a product so small loses
    more by sharing than it gains; and for most of the items with all of them, since to gather vectors takes longer."""
    if len(mine) > FEW:
        return np.asarray(mine @ vectors[items].T, np.float32)
    if 2 * len(items) > len(vectors):
        return np.asarray(np.einsum("tf,nf->tn", mine, vectors)[:, items], np.float32)
    return np.asarray(np.einsum("tf,nf->tn", mine, vectors[items]), np.float32)


def columns(matrix: Any, items: Ints) -> Any:
    """Some columns of a sparse matrix, in the order of `items`; all of them in their own order as they are."""
    return matrix if everything(items, matrix.shape[1]) else matrix[:, items]


def everything(items: Ints, n: int) -> bool:
    """Whether `items` are all n, in their own order."""
    return len(items) == n and bool((np.diff(items) == 1).all())
