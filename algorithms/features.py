"""Items and clients as plain words such as `colour:navy`, which is what content match and factorisation learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.histories import ClientSignals, plain
from models.catalogue import Item, Season

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def item_words(item: Item) -> tuple[str, ...]:
    """What describes an item, each word once."""
    words = [f"category:{plain(item.category)}", *(f"tag:{plain(tag)}" for tag in item.tags)]
    words += [f"brand:{plain(item.brand)}"] if item.brand else []
    words += [f"colour:{plain(item.colour)}"] if item.colour else []
    words += [f"season:{item.season}"] if item.season is not Season.ALL else []
    return tuple(dict.fromkeys(words))


def client_words(client: ClientSignals) -> tuple[str, ...]:
    """What describes a client apart from what they did, each word once."""
    quiz = client.quiz
    words = [*client.cohorts, *(f"size:{plain(size)}" for size in client.wears)]
    words += [f"likes:colour:{plain(colour)}" for colour in quiz.colours]
    words += [f"likes:category:{plain(category)}" for category in quiz.categories]
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True)
class Features:
    """Which items carry which word, by word: items `rows[start[w]:start[w + 1]]` with strength `values[...]`.

    Rare words weigh more (inverse document frequency) and each item's words have length 1 in all.
    """

    words: dict[str, int]
    start: Ints
    rows: Ints
    values: Floats
    of_item: tuple[Ints, ...]
    """The words of each item."""
    weights_of_item: tuple[Floats, ...]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Features:
        """From the catalogue."""
        words: dict[str, int] = {}
        of_item = [
            np.array([words.setdefault(word, len(words)) for word in item_words(item)], np.int64) for item in items
        ]
        everything = np.concatenate(of_item) if of_item else np.zeros(0, np.int64)
        frequency = np.bincount(everything, minlength=len(words))
        rarity = np.log1p(len(of_item) / np.maximum(frequency, 1))
        weights = [rarity[w] / max(float(np.linalg.norm(rarity[w])), 1e-12) for w in of_item]
        places = np.repeat(np.arange(len(of_item)), [len(w) for w in of_item])
        order = np.argsort(everything, kind="stable")
        values = np.concatenate(weights) if weights else np.zeros(0)
        start = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
        return cls(words, start, places[order], values[order], tuple(of_item), tuple(weights))

    def likeness(self, profile: dict[int, float], n: int) -> Floats:
        """The scalar product of every item's words with those of `profile` (word to weight), shape (n,)."""
        total = np.zeros(n)
        for word, weight in profile.items():
            part = slice(self.start[word], self.start[word + 1])
            total[self.rows[part]] += weight * self.values[part]
        return total
