"""`content`: how well an item's words suit what a client said in the quiz and did before. It needs no training, so it
serves new clients and new items from the first minute."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Floats, Ints
from domain.engagement import DAY
from domain.histories import SIGNAL, ClientSignals, Quiz, normalise_word

HALF_LIFE_DAYS: Final = 90.0
"""What a client did fades by half in this time; what they said does not."""
SAID: Final = 2.0
"""Weight of a word of the quiz: two whole orders of it. What a client said overrides what is guessed."""
OVER_BUDGET: Final = 2.0
"""How fast liking falls above the budget: at twice the budget it is e^-OVER_BUDGET."""


class Content:
    """The scalar product of a client's faded profile of words with each item's, scaled to [0, 1]."""

    name: ClassVar[str] = "content"

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """Score the candidates: 1 for the best, all zeros when the client said and did nothing."""
        likeness = self.catalogue.features.likeness(self.profile(client, now))[candidates]
        likeness = np.maximum(likeness, 0.0) * discount_over_budget(
            self.catalogue.price[candidates], client.quiz.budget_cents
        )
        return np.asarray(likeness / max(float(likeness.max(initial=0.0)), 1e-12))

    def profile(self, client: ClientSignals, now: float) -> Floats:
        """Compute the liking of each word of the catalogue's features at `now` (epoch seconds), shape (words,)."""
        features, index = self.catalogue.features, self.catalogue.index
        known = [touch for touch in client.touches if touch.item_id in index]
        liked = np.array([index[touch.item_id] for touch in known], np.int64)
        age = np.maximum(now - np.array([touch.at for touch in known], np.float64), 0.0)
        strength = np.array([SIGNAL[touch.kind] for touch in known]) * np.exp2(-age / (HALF_LIFE_DAYS * DAY))
        liking = features.profile(liked, strength)
        quiz_indices = [features.words[word] for word in list_quiz_words(client.quiz) if word in features.words]
        np.add.at(liking, quiz_indices, SAID)
        return liking


def list_quiz_words(quiz: Quiz) -> tuple[str, ...]:
    """List what the quiz says, in the words that describe items."""
    return (
        *(f"tag:{normalise_word(style)}" for style in quiz.styles),
        *(f"colour:{normalise_word(colour)}" for colour in quiz.colours),
        *(f"category:{normalise_word(category)}" for category in quiz.categories),
    )


def discount_over_budget(price_cents: Floats, budget_cents: int | None) -> Floats:
    """Return a factor a price: 1 up to the budget for one item, falling smoothly above it."""
    if not budget_cents:
        return np.ones_like(price_cents)
    return np.exp(-OVER_BUDGET * np.maximum(price_cents / budget_cents - 1.0, 0.0))
