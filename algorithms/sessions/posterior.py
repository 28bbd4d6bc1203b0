"""The built-in algorithm of the slot `session`: a posterior of feature weights, and how it orders a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np

from algorithms.sessions.bandit import ThompsonBandit
from algorithms.sessions.features import NAMES, build_features
from domain.arrays import Floats
from models.slots import SessionAnswer, SessionQuestion

NAME: Final = "session-bandit"
PRIOR_WEIGHTS: Final = {"house_score": 0.05, "same_category": 0.03, "same_colour": 0.01, "price_near": 0.02}
"""Prior means: the blend's order, bent towards what was touched. In rewards, of which a click is .2."""
RIDGE: Final = 200.0
"""Observations that the prior is worth."""
ITEM_INDEPENDENT: Final = frozenset({"one", "place"})
"""Features that say nothing of an item: they are the same for all items, so they are learnt at once."""
NOISE: Final = 0.15
MEMORY_ROWS: Final = 200_000
"""Items shown, about, after which an observation has faded to a third: preferences and seasons change."""


@dataclass(frozen=True)
class SessionPosterior:
    """The posterior at one version. It is never changed, only replaced; `version` rises with each stored update."""

    precision: Floats
    moment: Floats
    version: int = 0

    @classmethod
    def build_prior(cls) -> Self:
        """Build the posterior before anything was shown."""
        ridge = np.array([1.0 if name in ITEM_INDEPENDENT else RIDGE for name in NAMES])
        bandit = ThompsonBandit.from_prior(np.array([PRIOR_WEIGHTS.get(name, 0.0) for name in NAMES]), ridge, NOISE)
        return cls(bandit.precision, bandit.moment)

    @cached_property
    def bandit(self) -> ThompsonBandit:
        """The bandit that samples and learns."""
        return ThompsonBandit(self.precision, self.moment, NOISE)

    def answer(self, question: SessionQuestion) -> SessionAnswer:
        """Order the items by one draw that the question's seed decides, and state the propensity of the first item."""
        once = question.model_copy(update={"items": tuple({item.item_id: item for item in question.items}.values())})
        if not once.items:
            return SessionAnswer(items=())
        order = self.bandit.sample_order(build_features(once), np.random.default_rng(question.seed))
        ids = [once.items[index].item_id for index in order.indices[: question.n].tolist()]
        return SessionAnswer(items=tuple(ids), propensity=order.propensity)

    def update(self, rows: Floats, rewards: Floats) -> Self:
        """Return the posterior updated with the features of what was shown, (m, len(NAMES)), and the rewards, (m,)."""
        first, weight = type(self).build_prior(), max(1 - len(rows) / MEMORY_ROWS, 0.0)
        precision = first.precision + weight * (self.precision - first.precision)
        bandit = ThompsonBandit(precision, first.moment + weight * (self.moment - first.moment), NOISE)
        bandit.observe(rows, rewards)
        return type(self)(bandit.precision, bandit.moment, self.version)

    def summarise_weights(self) -> dict[str, tuple[float, float]]:
        """Return the posterior mean and standard deviation of each feature's weight."""
        spread = NOISE * np.sqrt(np.diag(np.linalg.inv(self.precision)))
        return dict(zip(NAMES, zip(self.bandit.mean.tolist(), spread.tolist(), strict=True), strict=True))

    def to_state(self) -> dict[str, Any]:
        """Return the posterior as the store saves it."""
        return {"names": list(NAMES), "precision": self.precision.tolist(), "moment": self.moment.tolist()}

    @classmethod
    def from_state(cls, state: dict[str, Any], version: int) -> Self | None:
        """Load what `to_state` returned; None where the features are others, as after a new release."""
        if state.get("names") != list(NAMES):
            return None
        return cls(np.array(state["precision"]), np.array(state["moment"]), version)
