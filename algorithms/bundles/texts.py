"""Texts as vectors: rare words weigh more, each text has length 1 (TF-IDF, as Salton and Buckley 1988)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import sparse

from domain.arrays import Floats

Matrix: TypeAlias = Any
"""scipy.sparse.csr_matrix of float32; scipy ships no types."""

_WORD: Final = re.compile(r"\w\w+")
_GROUP: Final = re.compile(r"\[([^\[\]]+)\]")
_LEVEL: Final = re.compile(r",(?! )|\s*[>/|]\s*")


def words(text: str) -> list[str]:
    """The words of two letters or more, in lower case."""
    return _WORD.findall(unescape(text).lower())


def category_steps(text: str) -> list[str]:
    """`Women > Shoes > Boots` as `Women`, `Women > Shoes`, ..., so that near categories share steps.

    Levels part at `>`, `/`, `|` or a comma without a blank behind it; several paths each stand in brackets.
    """
    steps = []
    for path in _GROUP.findall(text) or [text]:
        levels = [each.strip().lower() for each in _LEVEL.split(path) if each.strip()]
        steps += [" > ".join(levels[: deep + 1]) for deep in range(len(levels))]
    return list(dict.fromkeys(steps))


@dataclass(frozen=True)
class Vocabulary:
    """The words of a catalogue, and how much each weighs, shape (v,)."""

    place: dict[str, int]
    weight: Floats

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Vocabulary:
        """Each text as its words. A word weighs 1 + ln((1 + texts) / (1 + texts that hold it))."""
        place: dict[str, int] = {}
        held: list[int] = []
        n = 0
        for n, text in enumerate(texts, 1):  # noqa: B007
            held += [place.setdefault(word, len(place)) for word in dict.fromkeys(text)]
        counts = np.bincount(np.array(held, np.int64), minlength=len(place))
        return cls(place, 1 + np.log((1 + n) / (1 + counts)))

    def vectors(self, texts: Sequence[Sequence[str]]) -> Matrix:
        """One row a text, of shape (n, v); unknown words count for nothing."""
        found = [[self.place[word] for word in text if word in self.place] for text in texts]
        rows = np.repeat(np.arange(len(texts)), [len(each) for each in found])
        columns = np.array([place for each in found for place in each], np.int64)
        counts = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)), (len(texts), max(len(self.place), 1))
        )
        counts.sum_duplicates()
        counts.data *= self.weight[counts.indices].astype(np.float32)
        length = np.sqrt(np.bincount(rows_of(counts), counts.data**2, minlength=len(texts)))
        counts.data /= length[rows_of(counts)].astype(np.float32)
        return counts


def rows_of(matrix: Matrix) -> Any:
    """The row of each entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
