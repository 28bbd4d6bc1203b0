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
    """Split a text into its words of two letters or more, in lower case."""
    return _WORD.findall(unescape(text).lower())


def split_category(text: str) -> list[str]:
    """Split `Women > Shoes > Boots` into `Women`, `Women > Shoes`, ..., so that near categories share steps.

    Levels part at `>`, `/`, `|` or a comma without a blank behind it; several paths each stand in brackets.
    """
    steps = []
    for path in _GROUP.findall(text) or [text]:
        levels = [level.strip().lower() for level in _LEVEL.split(path) if level.strip()]
        steps += [" > ".join(levels[: depth + 1]) for depth in range(len(levels))]
    return list(dict.fromkeys(steps))


@dataclass(frozen=True)
class Vocabulary:
    """The words of a catalogue, and how much each weighs, shape (v,)."""

    column_of: dict[str, int]
    weight: Floats

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Vocabulary:
        """Build the vocabulary of texts given as words. A word weighs 1 + ln((1 + texts) / (1 + texts that hold
        it))."""
        index: dict[str, int] = {}
        used: list[int] = []
        n = 0
        for n, text in enumerate(texts, 1):  # noqa: B007
            used += [index.setdefault(word, len(index)) for word in dict.fromkeys(text)]
        counts = np.bincount(np.array(used, np.int64), minlength=len(index))
        return cls(index, 1 + np.log((1 + n) / (1 + counts)))

    def vectorise(self, texts: Sequence[Sequence[str]]) -> Matrix:
        """Convert each text to a row, shape (n, v); unknown words count for nothing."""
        indices = [[self.column_of[word] for word in text if word in self.column_of] for text in texts]
        rows = np.repeat(np.arange(len(texts)), [len(row) for row in indices])
        columns = np.array([index for row in indices for index in row], np.int64)
        counts = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)), (len(texts), max(len(self.column_of), 1))
        )
        counts.sum_duplicates()
        counts.data *= self.weight[counts.indices].astype(np.float32)
        length = np.sqrt(np.bincount(find_rows(counts), counts.data**2, minlength=len(texts)))
        counts.data /= length[find_rows(counts)].astype(np.float32)
        return counts


def find_rows(matrix: Matrix) -> Any:
    """Return the row of each entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
