"""Compare champion and shadows: how often they agree, how fast each is, how often it fails, what would have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from domain.comparison.records import LiveAnswer, ShadowAnswer
from domain.comparison.similarity import extract_action, extract_ids, extract_number, overlap_at_k, rank_biased_overlap

MAX_EXAMPLES: Final = 5


@dataclass(frozen=True)
class AnswerStatistics:
    """Statistics of one algorithm's answers. `faults`: by code. Times in milliseconds; None without answers."""

    n: int
    fault_rate: float
    faults: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True)
class Agreement:
    """How far two algorithms agree, over the questions that both answered well. Means; None for answers of another
    kind.

    `first`: the share with the same first item. `overlap`: overlap@k. `rank_biased`: rank-biased overlap. `difference`:
    of numbers, in their unit (hours for moments). `changed`: examples of decisions that would have differed.
    """

    n: int
    same: float
    first: float | None
    overlap: float | None
    rank_biased: float | None
    difference: float | None
    changed: tuple[dict[str, Any], ...]


def summarise_answers(name: str, seconds: Sequence[float], faults: Sequence[tuple[str, ...]]) -> AnswerStatistics:
    """Summarise how fast the algorithm `name` was and how often it failed; one entry per answer."""
    own = [
        [fault.partition(":")[2] for fault in answer_faults if fault.startswith(f"{name}:")] for answer_faults in faults
    ]
    codes = Counter(code for answer_codes in own for code in answer_codes)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1_000 if len(seconds) else (None, None)
    rate = sum(bool(answer_codes) for answer_codes in own) / len(own) if own else 0.0
    return AnswerStatistics(
        len(own), rate, dict(codes), *(None if p is None else round(float(p), 2) for p in (p50, p95))
    )


def measure_agreement(pairs: Sequence[tuple[LiveAnswer, ShadowAnswer]], k: int) -> Agreement:
    """Measure how far a shadow's answers agree with the answers that were used."""
    good = [(live, shadow, shadow.answer) for live, shadow in pairs if shadow.answer is not None]
    lists, gaps, same = [], [], []
    changed: list[dict[str, Any]] = []
    for live, _, answer in good:
        one, other = extract_ids(live.answer), extract_ids(answer)
        same.append(extract_action(live.answer) == extract_action(answer))
        if one is not None and other is not None:
            lists.append((one[:1] == other[:1], overlap_at_k(one, other, k), rank_biased_overlap(one, other)))
        elif (a := extract_number(live.answer)) is not None and (b := extract_number(answer)) is not None:
            gaps.append(abs(a - b))
        if not same[-1] and len(changed) < MAX_EXAMPLES:
            changed.append(_describe_change(live, answer))
    first, share, biased = np.mean(lists, axis=0).tolist() if lists else (None, None, None)
    gap = float(np.mean(gaps)) if gaps else None
    return Agreement(len(good), float(np.mean(same)) if same else 0.0, first, share, biased, gap, tuple(changed))


def _describe_change(live: LiveAnswer, answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "decision": live.id,
        "client_id": live.client_id,
        "was": extract_action(live.answer),
        "would_be": extract_action(answer),
    }
