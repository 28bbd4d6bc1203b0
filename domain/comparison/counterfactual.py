"""Estimate what a shadow would have earned, from what the live algorithm earned while it drew its answers at random."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

import numpy as np

from domain.arrays import Floats
from domain.comparison.outcomes import AnswerOutcome
from domain.comparison.records import ShadowAnswer
from domain.comparison.similarity import extract_action, extract_first, extract_ids
from domain.statistics.off_policy import Estimate, doubly_robust, ips, snips
from models.slot_policies import BUILT_IN

SHRINK: Final = 20.0
"""Pseudo-observations with the mean reward that each item starts with."""
MIN_PROPENSITY: Final = 1e-6
"""A smaller propensity is taken for an error: one such answer would outweigh all others."""


class RewardDefinition(NamedTuple):
    """How answers are rewarded.

    `name`: the reward in words. `action`: what of an answer counts as the action. `items`: the items that the action
    names. `reward`: what the outcome is worth, 0 or 1.
    """

    name: str
    action: Callable[[dict[str, Any]], Any]
    items: Callable[[dict[str, Any]], tuple[str, ...]]
    reward: Callable[[AnswerOutcome], bool]


BY_ORDERS: Final = RewardDefinition(
    "ordered after an answer",
    extract_action,
    lambda answer: extract_ids(answer) or (),
    lambda outcome: bool(outcome.orders),
)
BY_FIRST: Final = RewardDefinition(
    "what stood first was taken up", extract_first, extract_first, lambda outcome: outcome.first_touched
)
"""Two orders of a whole page are hardly ever the same, so the action is the first item, whose propensity is stated."""


class CounterfactualReward(NamedTuple):
    """What an answer earned, and what a shadow's would have earned. `trust`: why not to trust it; empty: one may."""

    said: str
    logged: float
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    trust: str


def estimate_counterfactual_reward(
    pairs: Sequence[tuple[AnswerOutcome, ShadowAnswer]], by: RewardDefinition = BY_ORDERS
) -> CounterfactualReward | str:
    """Estimate the shadow's reward from the answers that were randomised and seen; else return why that is impossible.

    A shadow's answer is one draw of its own, so whether it equals the answer that was used is, on average, the
    probability with which the shadow gives that answer.
    """
    randomised = [
        (outcome, other.answer) for outcome, other in pairs if _is_randomised(outcome) and other.answer is not None
    ]
    if len(randomised) < 2:
        return (
            "no propensities: what was used was not drawn by chance, so nothing tells how other answers would have "
            "fared; state `propensity` in the answers, or split"
        )
    reward = np.array([float(by.reward(outcome)) for outcome, _ in randomised])
    logged = np.array([float(outcome.live.propensity or 1.0) for outcome, _ in randomised])
    target = np.array([float(by.action(outcome.live.answer) == by.action(answer)) for outcome, answer in randomised])
    model = [_RewardModel.fit([pair for pair in randomised if _assign_half(pair) != half], by) for half in (0, 1)]
    q = np.array([model[_assign_half(pair)].predict(pair[0].live.answer) for pair in randomised])
    v = np.array([model[_assign_half(pair)].predict(pair[1]) for pair in randomised])
    estimates = ips(reward, logged, target), snips(reward, logged, target), doubly_robust(reward, logged, target, q, v)
    few = (
        ""
        if estimates[0].enough
        else f"too few: {estimates[0].effective_n:.0f} answers of {len(randomised)} tell of it"
    )
    return CounterfactualReward(by.name, float(reward.mean()), *estimates, few)


def _is_randomised(outcome: AnswerOutcome) -> bool:
    """Return whether the answer was drawn at random by the algorithm that was to answer.

    A fallback's answers are left out, since whether it answers depends on the question.
    """
    return (outcome.live.propensity or 0) >= MIN_PROPENSITY and outcome.live.variant in {
        outcome.live.algorithm,
        BUILT_IN,
    }


def _assign_half(pair: tuple[AnswerOutcome, Any]) -> int:
    """Assign each client to one half, whose rewards are predicted from the other half."""
    return crc32(pair[0].live.client_id.encode()) & 1


class _RewardModel(NamedTuple):
    """The mean reward, and by how much each item's reward differs from it, shrunk."""

    mean: float
    item_effects: dict[str, float]
    items: Callable[[dict[str, Any]], tuple[str, ...]]

    @classmethod
    def fit(cls, pairs: Sequence[tuple[AnswerOutcome, Any]], by: RewardDefinition) -> _RewardModel:
        rewards: Floats = np.array([float(by.reward(outcome)) for outcome, _ in pairs])
        mean = float(rewards.mean()) if len(rewards) else 0.0
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, SHRINK])
        for outcome, _ in pairs:
            for item in by.items(outcome.live.answer):
                sums[item][0] += float(by.reward(outcome)) - mean
                sums[item][1] += 1.0
        return cls(mean, {item: total / count for item, (total, count) in sums.items()}, by.items)

    def predict(self, answer: dict[str, Any]) -> float:
        items = self.items(answer)
        return self.mean + (sum(self.item_effects.get(item, 0.0) for item in items) / len(items) if items else 0.0)
