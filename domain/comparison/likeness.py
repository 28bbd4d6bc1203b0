"""How much alike two answers are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

PERSISTENCE: Final = 0.9
"""How far down a list one reads, in rank-biased overlap: the first ten places carry 86 % of the weight."""


def listed(answer: dict[str, Any]) -> tuple[str, ...] | None:
    """The ids that an answer names, in its order; None for an answer that is no list."""
    found = answer.get("items", answer.get("skus"))
    if found is None:
        return None
    return tuple(str(each["item_id"]) if isinstance(each, dict) else str(each) for each in found)


def number(answer: dict[str, Any]) -> float | None:
    """The number that an answer comes down to: p_alive, a score, or when mail leaves, in hours since 1970."""
    if "at" in answer:
        return datetime.fromisoformat(answer["at"]).timestamp() / 3_600
    said = answer.get("p_alive", answer.get("score"))
    return None if said is None else float(said)


def essence(answer: dict[str, Any]) -> Any:
    """What two answers must share to be the same action."""
    ids = listed(answer)
    return ids if ids is not None else answer.get("action", number(answer))


def first(answer: dict[str, Any]) -> tuple[str, ...]:
    """The id that comes first in a list; nothing of an empty one."""
    return (listed(answer) or ())[:1]


def overlap(one: Sequence[str], other: Sequence[str], k: int) -> float:
    """The share of the first `k` that both name; of shorter lists, of the longer."""
    most = min(k, max(len(one), len(other)))
    return len({*one[:k]} & {*other[:k]}) / most if most else 1.0


def rank_biased(one: Sequence[str], other: Sequence[str], p: float = PERSISTENCE) -> float:
    """Rank-biased overlap, extrapolated (Webber, Moffat, Zobel 2010): 1 for the same lists, 0 for lists with nothing in
    common; what comes first weighs most."""
    depth = min(len(one), len(other))
    if not depth:
        return float(not one and not other)
    total, seen = 0.0, 0
    left: set[str] = set()
    right: set[str] = set()
    for place in range(depth):
        left.add(one[place])
        right.add(other[place])
        seen = len(left & right)
        total += seen / (place + 1) * p ** (place + 1)
    return (1 - p) / p * total + seen / depth * p**depth
