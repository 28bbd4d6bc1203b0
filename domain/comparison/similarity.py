"""Measure how similar two answers are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

PERSISTENCE: Final = 0.9
"""How far down a list one reads, in rank-biased overlap: the first ten places carry 86 % of the weight."""


def extract_ids(answer: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the ids that an answer names, in order; None for an answer that is no list."""
    ids = answer.get("items", answer.get("skus"))
    if ids is None:
        return None
    return tuple(str(item["item_id"]) if isinstance(item, dict) else str(item) for item in ids)


def extract_number(answer: dict[str, Any]) -> float | None:
    """Return the number of an answer: P(alive), a score, or the time of sending in hours since 1970."""
    if "at" in answer:
        return datetime.fromisoformat(answer["at"]).timestamp() / 3_600
    value = answer.get("p_alive", answer.get("score"))
    return None if value is None else float(value)


def extract_action(answer: dict[str, Any]) -> Any:
    """Return what two answers must have in common to count as the same action."""
    ids = extract_ids(answer)
    return ids if ids is not None else answer.get("action", extract_number(answer))


def extract_first(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return the first id of a list, as a tuple of one; empty for an empty list."""
    return (extract_ids(answer) or ())[:1]


def overlap_at_k(one: Sequence[str], other: Sequence[str], k: int) -> float:
    """Return the share of the first `k` ids that both lists name; in shorter lists, of the longer one."""
    most = min(k, max(len(one), len(other)))
    return len({*one[:k]} & {*other[:k]}) / most if most else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], p: float = PERSISTENCE) -> float:
    """Return the extrapolated rank-biased overlap: 1 for equal lists, 0 for disjoint ones; the first places weigh most.

    Source: Webber, Moffat, Zobel (2010).
    """
    depth = min(len(one), len(other))
    if not depth:
        return float(not one and not other)
    total, seen = 0.0, 0
    left: set[str] = set()
    right: set[str] = set()
    for index in range(depth):
        left.add(one[index])
        right.add(other[index])
        seen = len(left & right)
        total += seen / (index + 1) * p ** (index + 1)
    return (1 - p) / p * total + seen / depth * p**depth
