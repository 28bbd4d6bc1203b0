"""Predict how likely a client is to keep an item: a hierarchical logistic regression on what was kept and sent back.

logit p(keep) = usual + role + category + liking, fit, price, reach and wishes, each with a weight of its own, and most
with a further one for each role. Weights are the posterior mode under a normal prior, so a role or a category with
little feedback has about the rate of all, one with much its own. How far roles and categories differ is learnt too, by
MacKay's fixed point (1992). A shop without feedback has the prior.

- liking: the ranking's score, standardised among the client's candidates.
- fit: log(p(fit) / USUAL_FIT), and what of it is below 0 once more. Nobody knows how a piece made in one size fits: its
  p(fit) is USUAL_FIT, and the rate of its category counts.
- price: log of the price over the median of its category; what is above 0 counts apart, since dear pieces come back.
- reach: log of the price over what the client usually pays, in two parts too; 0 where nobody knows.
- answered: how many of the client's wishes the item answers.

Only items that were sent get feedback, so p(keep) is reliable where boxes are filled from. Source: Gelman and Hill
(2007), chapter 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from pydantic import Field

from domain.arrays import Floats, Ints
from models.base import Contract
from models.box_roles import BoxRole

USUAL_FIT: Final = 0.74
"""The share of all garments that fit (RentTheRunway); pieces without a size are taken to fit as often."""
PRIOR: Final = (
    ("usual", 0.0, 1.0),
    ("liking", 0.5, 0.5),
    ("fit", 0.8, 0.5),
    ("poor_fit", 0.0, 0.5),
    ("price", 0.0, 0.5),
    ("dear", -0.3, 0.5),
    ("reach", 0.0, 0.5),
    ("out_of_reach", -0.5, 0.5),
    ("answered", 0.3, 0.3),
)
"""Mean and standard deviation of each weight before any feedback."""
NAMES: Final = tuple(name for name, _, _ in PRIOR)
BY_ROLE: Final = ("usual", "liking", "fit", "price", "dear", "out_of_reach")
"""What each role has a further weight for."""
SPREADS: Final = (0.5, 0.2, 0.4)
"""Standard deviations before any feedback: of roles' rates around that of all, of roles' further weights around 0, and
of categories' rates around their role's. Feedback moves them."""
LEAST_SPREAD: Final = 0.02
ROUNDS: Final = 6
MOST_ANSWERED: Final = 3.0
STEPS: Final = 50
_TINY: Final = 1e-9
_SMALLEST: Final = 0.02
"""Lowest p(fit) that is told apart."""


class KeepFacts(NamedTuple):
    """What is known of n items before they are sent. `category` is normalised; `price` and `reach` are logs of
    ratios."""

    role: Sequence[BoxRole]
    category: Sequence[str]
    liking: Floats
    p_fit: Floats
    price: Floats
    reach: Floats
    answered: Floats


class KeepModel(Contract):
    """The weights. `shared`: in the order of PRIOR; `roles`: by role, in the order of BY_ROLE; `categories`: by
    category. `outcomes`: how many it was learnt from."""

    shared: tuple[float, ...] = tuple(mean for _, mean, _ in PRIOR)
    roles: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    categories: dict[str, float] = Field(default_factory=dict)
    outcomes: int = 0

    def predict(self, facts: KeepFacts) -> Floats:
        """Predict p(keep) of n items, shape (n,)."""
        columns = _build_columns(facts)
        nothing = (0.0,) * len(BY_ROLE)
        by_role = np.array([self.roles.get(role, nothing) for role in facts.role]).reshape(-1, len(BY_ROLE))
        own = np.array([self.categories.get(category, 0.0) for category in facts.category])
        parts = columns[:, [NAMES.index(name) for name in BY_ROLE]]
        return _sigmoid(columns @ np.array(self.shared) + (parts * by_role).sum(1) + own)


def standardise(scores: Sequence[float]) -> Floats:
    """Standardise one client's scores to mean 0 and standard deviation 1, clipped to [-3, 3]; shape (n,)."""
    values = np.asarray(scores, np.float64)
    if len(values) < 2 or not np.ptp(values) > 0:
        return np.zeros(len(values))
    values = values / np.abs(values).max()  # or the squares of what a remote algorithm gives may overflow
    spread = values.std()
    return np.clip((values - values.mean()) / spread, -3.0, 3.0) if spread > 0 else np.zeros(len(values))


def fit_keep_model(facts: KeepFacts, kept: Floats) -> KeepModel:
    """Fit the model to n items with feedback; `kept` (n) is 1 where kept, else 0.

    Newton's method on the log posterior, which has one peak; a step that does not climb is halved.
    """
    roles, role = np.unique(np.array([str(value) for value in facts.role], np.str_), return_inverse=True)
    categories, category = np.unique(np.array(facts.category, np.str_), return_inverse=True)
    columns = _build_columns(facts)
    design = np.hstack([columns, _spread_by_role(columns, role, len(roles)), _one_hot(category, len(categories))])
    shared, slopes = len(PRIOR), [1] + [2] * (len(BY_ROLE) - 1)
    group = np.array([0] * shared + slopes * len(roles) + [3] * len(categories))
    weights = _fit_weights(design, kept, group)
    begin, end = len(PRIOR), len(PRIOR) + len(roles) * len(BY_ROLE)
    by_role = weights[begin:end].reshape(len(roles), len(BY_ROLE)).tolist()
    return KeepModel(
        shared=tuple(weights[:begin].tolist()),
        roles={str(name): tuple(own) for name, own in zip(roles, by_role, strict=True)},
        categories=dict(zip(categories.tolist(), weights[end:].tolist(), strict=True)),
        outcomes=len(kept),
    )


def _build_columns(facts: KeepFacts) -> Floats:
    """Build the shared columns, shape (n, 9), in the order of PRIOR."""
    p_fit = np.clip(facts.p_fit, _SMALLEST, 1.0)
    price, reach = np.clip(facts.price, -2.0, 2.0), np.clip(facts.reach, -2.0, 2.0)
    return np.column_stack(
        [
            np.ones(len(price)),
            facts.liking,
            np.log(p_fit / USUAL_FIT),
            np.minimum(np.log(p_fit / USUAL_FIT), 0.0),
            price,
            np.maximum(price, 0.0),
            reach,
            np.maximum(reach, 0.0),
            np.minimum(facts.answered, MOST_ANSWERED),
        ]
    )


def _spread_by_role(columns: Floats, role: Ints, count: int) -> Floats:
    own = columns[:, [NAMES.index(name) for name in BY_ROLE]]
    return np.asarray((_one_hot(role, count)[:, :, None] * own[:, None, :]).reshape(len(columns), -1))


def _one_hot(code: Ints, count: int) -> Floats:
    return np.asarray(np.eye(count)[code.reshape(-1)])


def _fit_weights(design: Floats, kept: Floats, group: Ints) -> Floats:
    """Fit the weights, and the spread of each group of them: 0 is the prior's, 1 to 3 are SPREADS."""
    shared = group == 0
    mean = np.r_[[mean for _, mean, _ in PRIOR], np.zeros((~shared).sum())]
    spread = np.r_[[spread for _, _, spread in PRIOR], np.array(SPREADS)[group[~shared] - 1]]
    at = mean
    for _ in range(ROUNDS):
        at, bend = _climb(design, kept, mean, spread**-2, at)
        unsure = np.diag(np.linalg.inv(bend))
        for number in range(1, len(SPREADS) + 1):
            own = group == number
            spread[own] = max(LEAST_SPREAD, float(np.sqrt(np.mean(at[own] ** 2 + unsure[own])))) if own.any() else 1.0
    return np.asarray(at)


def _climb(design: Floats, kept: Floats, mean: Floats, precision: Floats, begin: Floats) -> tuple[Floats, Floats]:
    """Climb to the peak of the log posterior; return it, and how the posterior bends there."""

    def log_posterior(at: Floats) -> float:
        z = design @ at
        return float(kept @ z - np.logaddexp(0, z).sum() - precision @ (at - mean) ** 2 / 2)

    at, height = begin, log_posterior(begin)
    for _ in range(STEPS):
        p = _sigmoid(design @ at)
        pull = design.T @ (kept - p) - precision * (at - mean)
        bend = design.T @ (design * (p * (1 - p))[:, None]) + np.diag(precision)
        step = np.linalg.solve(bend, pull)
        while (new_height := log_posterior(at + step)) < height and np.abs(step).max() > _TINY:
            step = step / 2
        if new_height <= height + _TINY:
            break
        at, height = at + step, new_height
    return at, np.asarray(bend)


def _sigmoid(z: Floats) -> Floats:
    return np.clip(1 / (1 + np.exp(-np.clip(z, -30, 30))), _TINY, 1 - _TINY)
