"""What a client likes, from what they said and did: decaying sums, updated in constant time per event.

Each event adds its weight to the words of its item (category, colour, style tags), with one sum for each speed of
decay. Sums are kept as if everything had happened at ERA (forward decay; Cormode, Shkapenyuk, Srivastava, Xu 2009):

    kept = sum of w 2^((t - ERA) / h)        strength now = kept 2^(-(now - ERA) / h)

so an update is one addition, and stored sums need no update as time goes by. An answer to the quiz overrides earlier
behaviour: older views, clicks, carts and searches say nothing about what was answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Final, NamedTuple

from domain.engagement import DAY
from domain.histories import normalise_word

ERA: Final = 1_767_225_600.0
"""2026-01-01 in epoch seconds. With the shortest half-life below, sums stay finite until 2080."""
CATEGORY: Final = "c"
COLOUR: Final = "o"
STYLE: Final = "s"


class SignalWeight(NamedTuple):
    """The weight of one event; `speed` names its half-life in HALF_LIFE_DAYS."""

    weight: float
    speed: str


HALF_LIFE_DAYS: Final[Mapping[str, float]] = {"b": 21.0, "i": 60.0, "o": 180.0}
"""Half-lives: b for browsing, i for intentions, o for what was wished for, bought, kept or sent back."""
SIGNALS: Final[Mapping[str, SignalWeight]] = {
    "item_viewed": SignalWeight(0.1, "b"),
    "item_clicked": SignalWeight(0.2, "b"),
    "email_clicked": SignalWeight(0.2, "b"),
    "searched": SignalWeight(0.2, "b"),
    "added_to_cart": SignalWeight(0.5, "i"),
    "wishlisted": SignalWeight(0.7, "o"),
    "order_placed": SignalWeight(1.0, "o"),
    "order_returned": SignalWeight(-1.3, "o"),
    "fix_kept": SignalWeight(1.0, "o"),
    "fix_sent_back": SignalWeight(-0.4, "o"),
}
IMPLICIT: Final = frozenset({"b", "i"})
"""The speeds of what is guessed from behaviour and overridden by an answer."""
QUIZ_WEIGHT: Final = 2.0
"""The weight of a word of the quiz. It does not decay; a newer quiz replaces it."""
MIN_STRENGTH: Final = 0.005
"""Weaker preferences are not shown."""
LONG_LOOK_SECONDS: Final = 20.0
"""A view of a second says next to nothing, one of a minute nearly twice as much as a view of unknown length."""


class PreferenceEvent(NamedTuple):
    """An event of a client: `kind` as in SIGNALS, `at` in epoch seconds, `words` as in `list_item_words`.

    `scale`: how much more than usual it says. For the kind QUIZ, `words` are the letters of what was answered.
    """

    kind: str
    at: float
    words: tuple[str, ...]
    scale: float = 1.0


QUIZ: Final = "quiz_answered"


@dataclass(slots=True)
class PreferenceSums:
    """The decaying sums of one client, by `<speed><about>:<word>`."""

    sums: dict[str, float] = field(default_factory=dict)

    def add(self, event: PreferenceEvent) -> None:
        """Add one event. The order matters only around answers of the quiz, which must be added in their turn."""
        if event.kind == QUIZ:
            on = set(event.words)
            self.sums = {key: total for key, total in self.sums.items() if key[0] not in IMPLICIT or key[1] not in on}
            return
        weight, speed = SIGNALS[event.kind]
        amount = event.scale * weight * 2.0 ** ((event.at - ERA) / (HALF_LIFE_DAYS[speed] * DAY))
        for word in event.words:
            key = speed + word
            self.sums[key] = self.sums.get(key, 0.0) + amount

    def strengths(self, now: float) -> dict[str, float]:
        """Compute what is left of each word at `now`, over all speeds: `<about>:<word>` to a number, negative for
        dislikes."""
        left = {speed: 2.0 ** (-(now - ERA) / (days * DAY)) for speed, days in HALF_LIFE_DAYS.items()}
        strengths: dict[str, float] = {}
        for key, total in self.sums.items():
            strengths[key[1:]] = strengths.get(key[1:], 0.0) + total * left[key[0]]
        return strengths


def list_item_words(category: str, colour: str, tags: Iterable[str]) -> tuple[str, ...]:
    """List the words that describe an item, each once, in the form of `PreferenceSums`."""
    named = [(CATEGORY, category), (COLOUR, colour), *((STYLE, tag) for tag in tags)]
    return tuple(dict.fromkeys(f"{about}:{normalise_word(word)}" for about, word in named if word.strip()))


def scale_dwell(dwell_seconds: float | None) -> float:
    """Return how much a view of this length says compared with a usual one, 0 to 2."""
    return 1.0 if dwell_seconds is None else 2.0 * (1.0 - exp(-dwell_seconds / LONG_LOOK_SECONDS))


class WordPreference(NamedTuple):
    """A word, how strongly it is liked (-1 to 1), and whether the client said so (`said`), showed it (`seen`), or
    `both`."""

    word: str
    strength: float
    source: str


def rank_preferences(
    sums: PreferenceSums, stated_words: Mapping[str, Iterable[str]], about: str, now: float, n: int = 20
) -> list[WordPreference]:
    """Return the `n` strongest likes and dislikes about one thing, best first.

    `stated_words`: the words of the quiz, by what they are about.
    """
    stated = {normalise_word(word) for word in stated_words.get(about, ()) if word.strip()}
    seen = {key[2:]: left for key, left in sums.strengths(now).items() if key[0] == about}
    preferences = []
    for word in sorted(stated | seen.keys()):
        left = seen.get(word, 0.0) + QUIZ_WEIGHT * (word in stated)
        strength = round(left / (1.0 + abs(left)), 4)
        if abs(strength) >= MIN_STRENGTH or word in stated:
            source = "both" if word in stated and word in seen else "said" if word in stated else "seen"
            preferences.append(WordPreference(word, strength, source))
    strongest = sorted(preferences, key=lambda preference: (-abs(preference.strength), preference.word))[:n]
    return sorted(strongest, key=lambda preference: (-preference.strength, preference.word))
