"""What a client likes, from what they said and what they did: sums that fade, kept in constant time an event.

Each signal adds its weight to the words of its item (category, colour, style tags), one sum for each speed at which
signals fade. Sums are kept as if all had happened at ERA (forward decay; Cormode, Shkapenyuk, Srivastava and Xu 2009):

    kept = sum of w 2^((t - ERA) / h)        strength now = kept 2^(-(now - ERA) / h)

so adding is all there is to an update, and what is kept needs no touch as time goes by. What a client said in the
quiz overrides what they did before it: older views, clicks, carts and searches say nothing on what it answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Final, NamedTuple

from domain.engagement import DAY
from domain.histories import plain

ERA: Final = 1_767_225_600.0
"""2026-01-01 in epoch seconds. With the shortest half-life below, sums stay finite until 2080."""
CATEGORY: Final = "c"
COLOUR: Final = "o"
STYLE: Final = "s"


class Signal(NamedTuple):
    """`weight` of one; `speed` names the half-life in HALF_LIFE_DAYS."""

    weight: float
    speed: str


HALF_LIFE_DAYS: Final[Mapping[str, float]] = {"b": 21.0, "i": 60.0, "o": 180.0}
"""Of browsing, of intentions, and of what was wished for, bought, kept or sent back."""
SIGNALS: Final[Mapping[str, Signal]] = {
    "item_viewed": Signal(0.1, "b"),
    "item_clicked": Signal(0.2, "b"),
    "email_clicked": Signal(0.2, "b"),
    "searched": Signal(0.2, "b"),
    "added_to_cart": Signal(0.5, "i"),
    "wishlisted": Signal(0.7, "o"),
    "order_placed": Signal(1.0, "o"),
    "order_returned": Signal(-1.3, "o"),
    "fix_kept": Signal(1.0, "o"),
    "fix_sent_back": Signal(-0.4, "o"),
}
IMPLICIT: Final = frozenset({"b", "i"})
"""Speeds of what is guessed from behaviour and overridden by an answer."""
SAID: Final = 2.0
"""Weight of a word of the quiz; it does not fade, a newer quiz replaces it."""
FAINT: Final = 0.005
"""Under this a word is not told."""
LONG_LOOK_SECONDS: Final = 20.0
"""A view of a second says next to nothing, one of a minute nearly twice a view of unknown length."""


class Happened(NamedTuple):
    """Something a client did: `kind` as in SIGNALS, at epoch seconds, about `words` (see `words_of`); `scale`: how much
    more than usual it says. Of the kind QUIZ, `words` are the letters of what was answered."""

    kind: str
    at: float
    words: tuple[str, ...]
    scale: float = 1.0


QUIZ: Final = "quiz_answered"


@dataclass(slots=True)
class Taste:
    """One client's sums, by `<speed><about>:<word>`."""

    sums: dict[str, float] = field(default_factory=dict)

    def add(self, happened: Happened) -> None:
        """One more signal. The order does not matter between two answers of the quiz; an answer comes in its turn."""
        if happened.kind == QUIZ:
            on = set(happened.words)
            self.sums = {key: kept for key, kept in self.sums.items() if key[0] not in IMPLICIT or key[1] not in on}
            return
        weight, speed = SIGNALS[happened.kind]
        kept = happened.scale * weight * 2.0 ** ((happened.at - ERA) / (HALF_LIFE_DAYS[speed] * DAY))
        for word in happened.words:
            key = speed + word
            self.sums[key] = self.sums.get(key, 0.0) + kept

    def strengths(self, now: float) -> dict[str, float]:
        """What is left of each word at `now`, over all speeds: `<about>:<word>` to a number, under 0 for dislikes."""
        left = {speed: 2.0 ** (-(now - ERA) / (days * DAY)) for speed, days in HALF_LIFE_DAYS.items()}
        found: dict[str, float] = {}
        for key, kept in self.sums.items():
            found[key[1:]] = found.get(key[1:], 0.0) + kept * left[key[0]]
        return found


def words_of(category: str, colour: str, tags: Iterable[str]) -> tuple[str, ...]:
    """The words that an item stands for, each once, as `Taste` keeps them."""
    named = [(CATEGORY, category), (COLOUR, colour), *((STYLE, tag) for tag in tags)]
    return tuple(dict.fromkeys(f"{about}:{plain(word)}" for about, word in named if word.strip()))


def looked(dwell_seconds: float | None) -> float:
    """How much more or less than usual a view of this length says, 0 to 2."""
    return 1.0 if dwell_seconds is None else 2.0 * (1.0 - exp(-dwell_seconds / LONG_LOOK_SECONDS))


class Liking(NamedTuple):
    """A word, how strongly it is liked (-1 to 1), and whether the client said so, we saw it, or both."""

    word: str
    strength: float
    source: str


def likings(taste: Taste, said: Mapping[str, Iterable[str]], about: str, now: float, n: int = 20) -> list[Liking]:
    """The `n` words about one thing that are liked or disliked most, best first; `said`: those of the quiz, by what
    they are about."""
    stated = {plain(word) for word in said.get(about, ()) if word.strip()}
    seen = {key[2:]: left for key, left in taste.strengths(now).items() if key[0] == about}
    found = []
    for word in sorted(stated | seen.keys()):
        left = seen.get(word, 0.0) + SAID * (word in stated)
        strength = round(left / (1.0 + abs(left)), 4)
        if abs(strength) >= FAINT or word in stated:
            source = "both" if word in stated and word in seen else "said" if word in stated else "seen"
            found.append(Liking(word, strength, source))
    strongest = sorted(found, key=lambda each: (-abs(each.strength), each.word))[:n]
    return sorted(strongest, key=lambda each: (-each.strength, each.word))
