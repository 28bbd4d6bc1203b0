"""Items and clients as plain words such as `colour:navy`, which is what content match and factorisation learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.arrays import Floats, Ints
from domain.histories import ClientSignals, plain
from models.catalogue import Item, Season


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
    """The words of n items, one item after the other: those of item i are `word[start[i]:start[i + 1]]`.

    Rare words weigh more (inverse document frequency) and each item's words have length 1 in all.
    """

    words: dict[str, int]
    start: Ints
    word: Ints
    weight: Floats
    item: Ints
    """The item of each entry, to sum by."""

    @classmethod
    def of(cls, items: Iterable[Item]) -> Features:
        """From the catalogue."""
        words: dict[str, int] = {}
        of_item = [[words.setdefault(word, len(words)) for word in item_words(item)] for item in items]
        counts = np.array([len(mine) for mine in of_item], np.int64)
        word = np.array([each for mine in of_item for each in mine], np.int64)
        item = np.repeat(np.arange(len(of_item)), counts)
        rarity = np.log1p(len(of_item) / np.bincount(word, minlength=len(words)))[word]
        length = np.sqrt(np.bincount(item, rarity**2, minlength=len(of_item)))
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(words, start, word, rarity / length[item], item)

    def profile(self, liked: Ints, strength: Floats) -> Floats:
        """The summed words of some items, each item as strong as given, shape (words,)."""
        entries = np.concatenate([np.arange(self.start[i], self.start[i + 1]) for i in liked] or [_NONE])
        strengths = np.repeat(strength, self.start[liked + 1] - self.start[liked])
        total = np.bincount(self.word[entries], self.weight[entries] * strengths, minlength=len(self.words))
        return np.asarray(total, np.float64)  # no entries at all count as whole numbers

    def likeness(self, profile: Floats) -> Floats:
        """The scalar product of every item's words with those of a profile, shape (n,)."""
        total = np.bincount(self.item, self.weight * profile[self.word], minlength=len(self.start) - 1)
        return np.asarray(total, np.float64)


_NONE: Final = np.zeros(0, np.int64)
