"""The house's algorithm of the slot `session`: what it believes, and how that orders a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np

from algorithms.sessions.bandit import Bandit
from algorithms.sessions.features import NAMES, features
from domain.arrays import Floats
from models.slots import SessionAnswer, SessionQuestion

NAME: Final = "session-bandit"
FIRST: Final = {"house_score": 0.05, "same_category": 0.03, "same_colour": 0.01, "price_near": 0.02}
"""What is believed at first: the house's order, bent towards what was touched. In rewards, of which a click is .2."""
RIDGE: Final = 200.0
"""Observations that this is worth."""
NOTHING_OF_ITS_OWN: Final = frozenset({"one", "place"})
"""What says nothing of an item: it is the same for all when they are ordered, and is learnt at once."""
NOISE: Final = 0.15
KEPT: Final = 200_000
"""Items shown, about, after which a lesson has faded to a third: tastes and seasons change."""


@dataclass(frozen=True)
class Beliefs:
    """Never changed, only replaced. `version` rises with each lesson kept."""

    precision: Floats
    moment: Floats
    version: int = 0

    @classmethod
    def first(cls) -> Self:
        """Before anything was shown."""
        ridge = np.array([1.0 if name in NOTHING_OF_ITS_OWN else RIDGE for name in NAMES])
        bandit = Bandit.prior(np.array([FIRST.get(name, 0.0) for name in NAMES]), ridge, NOISE)
        return cls(bandit.precision, bandit.moment)

    @cached_property
    def bandit(self) -> Bandit:
        """What draws and learns."""
        return Bandit(self.precision, self.moment, NOISE)

    def answer(self, question: SessionQuestion) -> SessionAnswer:
        """An order by one draw, which the question's seed decides; and how likely its first item was to stand there."""
        once = question.model_copy(update={"items": tuple({item.item_id: item for item in question.items}.values())})
        if not once.items:
            return SessionAnswer(items=())
        order = self.bandit.order(features(once), np.random.default_rng(question.seed))
        ids = [once.items[place].item_id for place in order.places[: question.n].tolist()]
        return SessionAnswer(items=tuple(ids), propensity=order.chance)

    def learnt(self, rows: Floats, rewards: Floats) -> Self:
        """With what was shown, (m, len(NAMES)), and what it brought, (m,)."""
        first, left = type(self).first(), max(1 - len(rows) / KEPT, 0.0)
        precision = first.precision + left * (self.precision - first.precision)
        bandit = Bandit(precision, first.moment + left * (self.moment - first.moment), NOISE)
        bandit.observe(rows, rewards)
        return type(self)(bandit.precision, bandit.moment, self.version)

    def weights(self) -> dict[str, tuple[float, float]]:
        """The likeliest weight of each feature, and its standard deviation."""
        spread = NOISE * np.sqrt(np.diag(np.linalg.inv(self.precision)))
        return dict(zip(NAMES, zip(self.bandit.mean.tolist(), spread.tolist(), strict=True), strict=True))

    def state(self) -> dict[str, Any]:
        """As the store keeps it."""
        return {"names": list(NAMES), "precision": self.precision.tolist(), "moment": self.moment.tolist()}

    @classmethod
    def restored(cls, state: dict[str, Any], version: int) -> Self | None:
        """See `state`; None where it speaks of other features, as after a new release."""
        if state.get("names") != list(NAMES):
            return None
        return cls(np.array(state["precision"]), np.array(state["moment"]), version)
