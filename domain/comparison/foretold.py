"""What a shadow would have earned, from what the live algorithm earned while it drew by chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

import numpy as np

from domain.arrays import Floats
from domain.comparison.likeness import essence, first, listed
from domain.comparison.outcomes import Outcome
from domain.comparison.records import Shadow
from domain.statistics.off_policy import Estimate, doubly_robust, ips, snips
from models.policies import BUILT_IN

SHRINK: Final = 20.0
"""As if each item had been seen so often with the mean reward."""
LEAST: Final = 1e-6
"""What is less likely is in no log of a shop: such a propensity is a slip, and one would outweigh all else."""


class Judged(NamedTuple):
    """What of an answer is held to have been chosen, which items it named by that, and what it is held to have
    brought, 0 or 1. `said` in words."""

    said: str
    chosen: Callable[[dict[str, Any]], Any]
    named: Callable[[dict[str, Any]], tuple[str, ...]]
    brought: Callable[[Outcome], bool]


BY_ORDERS: Final = Judged(
    "ordered after an answer", essence, lambda answer: listed(answer) or (), lambda seen: bool(seen.orders)
)
BY_FIRST: Final = Judged("what stood first was taken up", first, first, lambda seen: seen.first_touched)
"""Of whole orders of a page hardly two are ever the same; the first place is what its chance is stated of."""


class Foretold(NamedTuple):
    """What an answer brought, as it was and as the shadow's would have been. `trust`: why not to; empty: one may."""

    said: str
    logged: float
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    trust: str


def foretold(pairs: Sequence[tuple[Outcome, Shadow]], by: Judged = BY_ORDERS) -> Foretold | str:
    """Estimates over the answers that were drawn by chance and seen; or why there are none.

    A shadow's answer is one draw of its own, so whether it equals the answer that was used is, on average, how likely
    the shadow was to give it.
    """
    drawn = [(seen, other.answer) for seen, other in pairs if _by_chance(seen) and other.answer is not None]
    if len(drawn) < 2:
        return (
            "no propensities: what was used was not drawn by chance, so nothing tells how other answers would have "
            "fared; state `propensity` in the answers, or split"
        )
    reward = np.array([float(by.brought(seen)) for seen, _ in drawn])
    logged = np.array([float(seen.live.propensity or 1.0) for seen, _ in drawn])
    target = np.array([float(by.chosen(seen.live.answer) == by.chosen(answer)) for seen, answer in drawn])
    model = [_Rewards.of([pair for pair in drawn if _half(pair) != half], by) for half in (0, 1)]
    q = np.array([model[_half(pair)].of_answer(pair[0].live.answer) for pair in drawn])
    v = np.array([model[_half(pair)].of_answer(pair[1]) for pair in drawn])
    found = ips(reward, logged, target), snips(reward, logged, target), doubly_robust(reward, logged, target, q, v)
    few = "" if found[0].enough else f"too few: {found[0].effective_n:.0f} answers of {len(drawn)} tell of it"
    return Foretold(by.said, float(reward.mean()), *found, few)


def _by_chance(seen: Outcome) -> bool:
    """Not where another answered in the place of who was to: that hangs on the question. The house goes by names of its
    own."""
    return (seen.live.propensity or 0) >= LEAST and seen.live.variant in {seen.live.algorithm, BUILT_IN}


def _half(pair: tuple[Outcome, Any]) -> int:
    """Each client's rewards are foretold from the other half of the clients."""
    return crc32(pair[0].live.client_id.encode()) & 1


class _Rewards(NamedTuple):
    """The mean reward, and by how much each item's differs, shrunk."""

    mean: float
    more: dict[str, float]
    named: Callable[[dict[str, Any]], tuple[str, ...]]

    @classmethod
    def of(cls, seen: Sequence[tuple[Outcome, Any]], by: Judged) -> _Rewards:
        rewards: Floats = np.array([float(by.brought(outcome)) for outcome, _ in seen])
        mean = float(rewards.mean()) if len(rewards) else 0.0
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, SHRINK])
        for outcome, _ in seen:
            for item in by.named(outcome.live.answer):
                sums[item][0] += float(by.brought(outcome)) - mean
                sums[item][1] += 1.0
        return cls(mean, {item: total / count for item, (total, count) in sums.items()}, by.named)

    def of_answer(self, answer: dict[str, Any]) -> float:
        items = self.named(answer)
        return self.mean + (sum(self.more.get(item, 0.0) for item in items) / len(items) if items else 0.0)
