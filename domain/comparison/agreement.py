"""Champion against shadows: how often they agree, how fast each is, how often it fails, what would have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from domain.comparison.likeness import essence, listed, number, overlap, rank_biased
from domain.comparison.records import Live, Shadow

EXAMPLES: Final = 5


@dataclass(frozen=True)
class Answered:
    """Answers of one algorithm. `faults`: by code. Times in milliseconds; None without answers."""

    n: int
    fault_rate: float
    faults: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True)
class Agreement:
    """Over the questions that both answered well. Means; None where the answers are of another kind.

    `first`: the same in the first place. `overlap`: of the first k. `rank_biased`: see likeness. `difference`: of
    numbers, in their unit (hours for moments). `changed`: some decisions that would have been others.
    """

    n: int
    same: float
    first: float | None
    overlap: float | None
    rank_biased: float | None
    difference: float | None
    changed: tuple[dict[str, Any], ...]


def answered(name: str, seconds: Sequence[float], faults: Sequence[tuple[str, ...]]) -> Answered:
    """How fast `name` was and how often it failed, one entry an answer."""
    own = [[fault.partition(":")[2] for fault in each if fault.startswith(f"{name}:")] for each in faults]
    codes = Counter(code for each in own for code in each)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1_000 if len(seconds) else (None, None)
    rate = sum(bool(each) for each in own) / len(own) if own else 0.0
    return Answered(len(own), rate, dict(codes), *(None if p is None else round(float(p), 2) for p in (p50, p95)))


def agreement(pairs: Sequence[tuple[Live, Shadow]], k: int) -> Agreement:
    """How far what a shadow says is what was used."""
    good = [(live, shadow, shadow.answer) for live, shadow in pairs if shadow.answer is not None]
    lists, gaps, same = [], [], []
    changed: list[dict[str, Any]] = []
    for live, _, answer in good:
        one, other = listed(live.answer), listed(answer)
        same.append(essence(live.answer) == essence(answer))
        if one is not None and other is not None:
            lists.append((one[:1] == other[:1], overlap(one, other, k), rank_biased(one, other)))
        elif (a := number(live.answer)) is not None and (b := number(answer)) is not None:
            gaps.append(abs(a - b))
        if not same[-1] and len(changed) < EXAMPLES:
            changed.append(_change(live, answer))
    first, share, biased = np.mean(lists, axis=0).tolist() if lists else (None, None, None)
    gap = float(np.mean(gaps)) if gaps else None
    return Agreement(len(good), float(np.mean(same)) if same else 0.0, first, share, biased, gap, tuple(changed))


def _change(live: Live, answer: dict[str, Any]) -> dict[str, Any]:
    return {"decision": live.id, "client_id": live.client_id, "was": essence(live.answer), "would_be": essence(answer)}
