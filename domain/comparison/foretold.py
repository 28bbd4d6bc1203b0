"""What a shadow would have earned, from what the live algorithm earned while it drew by chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

import numpy as np

from domain.arrays import Floats
from domain.comparison.likeness import essence, listed
from domain.comparison.outcomes import Outcome
from domain.comparison.records import Shadow
from domain.statistics.off_policy import Estimate, doubly_robust, ips, snips

SHRINK: Final = 20.0
"""As if each item had been seen so often with the mean reward."""
LEAST: Final = 1e-6
"""What is less likely is in no log of a shop: such a propensity is a slip, and one would outweigh all else."""


class Foretold(NamedTuple):
    """Orders an answer, as they were and as the shadow's would have been. `trust`: why not to, empty when one may."""

    logged: float
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    trust: str


def foretold(pairs: Sequence[tuple[Outcome, Shadow]]) -> Foretold | str:
    """Estimates over the answers that were drawn by chance and seen; or why there are none.

    The reward is 1 where the client ordered. A shadow's answer is one draw of its own, so whether it equals the answer
    that was used is, on average, how likely the shadow was to give it.
    """
    drawn = [(seen, other.answer) for seen, other in pairs if _by_chance(seen) and other.answer is not None]
    if len(drawn) < 2:
        return (
            "no propensities: what was used was not drawn by chance, so nothing tells how other answers would have "
            "fared; state `propensity` in the answers, or split"
        )
    reward = np.array([float(bool(seen.orders)) for seen, _ in drawn])
    logged = np.array([float(seen.live.propensity or 1.0) for seen, _ in drawn])
    target = np.array([float(essence(seen.live.answer) == essence(answer)) for seen, answer in drawn])
    model = [_Rewards.of([pair for pair in drawn if _half(pair) != half]) for half in (0, 1)]
    q = np.array([model[_half(pair)].of_answer(pair[0].live.answer) for pair in drawn])
    v = np.array([model[_half(pair)].of_answer(pair[1]) for pair in drawn])
    found = ips(reward, logged, target), snips(reward, logged, target), doubly_robust(reward, logged, target, q, v)
    few = "" if found[0].enough else f"too few: {found[0].effective_n:.0f} answers of {len(drawn)} tell of it"
    return Foretold(float(reward.mean()), *found, few)


def _by_chance(seen: Outcome) -> bool:
    return (seen.live.propensity or 0) >= LEAST and seen.live.algorithm == seen.live.variant


def _half(pair: tuple[Outcome, Any]) -> int:
    """Each client's rewards are foretold from the other half of the clients."""
    return crc32(pair[0].live.client_id.encode()) & 1


class _Rewards(NamedTuple):
    """The mean reward, and by how much each item's differs, shrunk."""

    mean: float
    more: dict[str, float]

    @classmethod
    def of(cls, seen: Sequence[tuple[Outcome, Any]]) -> _Rewards:
        rewards: Floats = np.array([float(bool(outcome.orders)) for outcome, _ in seen])
        mean = float(rewards.mean()) if len(rewards) else 0.0
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, SHRINK])
        for outcome, _ in seen:
            for item in listed(outcome.live.answer) or ():
                sums[item][0] += float(bool(outcome.orders)) - mean
                sums[item][1] += 1.0
        return cls(mean, {item: total / count for item, (total, count) in sums.items()})

    def of_answer(self, answer: dict[str, Any]) -> float:
        items = listed(answer) or ()
        return self.mean + (sum(self.more.get(item, 0.0) for item in items) / len(items) if items else 0.0)
