"""Items and clients as plain words such as `colour:navy`, from which content match and factorisation learn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.arrays import Floats, Ints
from domain.histories import ClientSignals, normalise_word
from models.catalogue import Item, Season


def item_words(item: Item) -> tuple[str, ...]:
    """List the words that describe an item, each once."""
    words = [
        f"category:{normalise_word(item.category)}",
        *(f"tag:{normalise_word(tag)}" for tag in (*item.tags, *item.materials, *item.occasions)),
    ]
    words += [f"brand:{normalise_word(item.brand)}"] if item.brand else []
    words += [f"colour:{normalise_word(item.colour)}"] if item.colour else []
    words += [f"season:{item.season}"] if item.season is not Season.ALL else []
    return tuple(dict.fromkeys(words))


def client_words(client: ClientSignals) -> tuple[str, ...]:
    """List the words that describe a client apart from what they did, each once."""
    quiz = client.quiz
    words = [*client.cohorts, *(f"size:{normalise_word(size)}" for size in client.wears)]
    words += [f"likes:colour:{normalise_word(colour)}" for colour in quiz.colours]
    words += [f"likes:category:{normalise_word(category)}" for category in quiz.categories]
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
        """Build the features of the items."""
        words: dict[str, int] = {}
        of_item = [[words.setdefault(word, len(words)) for word in item_words(item)] for item in items]
        counts = np.array([len(words_of_item) for words_of_item in of_item], np.int64)
        word = np.array([index for words_of_item in of_item for index in words_of_item], np.int64)
        item = np.repeat(np.arange(len(of_item)), counts)
        rarity = np.log1p(len(of_item) / np.bincount(word, minlength=len(words)))[word]
        length = np.sqrt(np.bincount(item, rarity**2, minlength=len(of_item)))
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(words, start, word, rarity / length[item], item)

    def profile(self, liked: Ints, strength: Floats) -> Floats:
        """Sum the words of the items `liked`, each weighted by its `strength`, shape (words,)."""
        entries = np.concatenate([np.arange(self.start[i], self.start[i + 1]) for i in liked] or [_NONE])
        strengths = np.repeat(strength, self.start[liked + 1] - self.start[liked])
        total = np.bincount(self.word[entries], self.weight[entries] * strengths, minlength=len(self.words))
        return np.asarray(total, np.float64)  # without entries bincount returns whole numbers

    def likeness(self, profile: Floats) -> Floats:
        """Compute the scalar product of every item's words with those of a profile, shape (n,)."""
        total = np.bincount(self.item, self.weight * profile[self.word], minlength=len(self.start) - 1)
        return np.asarray(total, np.float64)


_NONE: Final = np.zeros(0, np.int64)
