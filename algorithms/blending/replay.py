"""The slot `ranking` replayed as of a past day, for clients who bought since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, Final

import numpy as np

from algorithms.blending.blend import Blend, EligibleItems
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import build_question
from algorithms.slots.batches import compute_batch_seconds, split_into_chunks
from algorithms.slots.guard import Member, ask_chain
from algorithms.slots.slot_decisions import Unanswered
from algorithms.slots.slot_table import SLOTS
from domain.comparison.similarity import extract_ids
from domain.histories import ClientSignals
from domain.statistics.intervals import mean_interval
from models.slot_policies import BUILT_IN
from models.slots import RankingQuestion

POPULARITY: Final = "popularity"
MEASURES: Final = ("hit_rate", "recall", "ndcg")


@dataclass(frozen=True)
class Buyer:
    """A client as of the cut, and what they bought after it."""

    client: ClientSignals
    wanted: frozenset[str]


@dataclass
class ReplayResult:
    """The result of one algorithm: a row of MEASURES for each buyer, milliseconds a question, faults by code."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


def replay(
    blend: Blend,
    buyers: Sequence[Buyer],
    cut: datetime,
    members: Sequence[Member],
    seconds: float,
    k: int,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, ReplayResult]:
    """Ask popularity, the built-in ranking and `members` for `k` items each, a chunk of buyers in one call.

    `blend`: the built-in ranking as of the cut. It answers where a member fails, as in service. `seconds`: for one
    question.
    """
    results = {name: ReplayResult() for name in (POPULARITY, BUILT_IN, *(member.name for member in members))}
    for chunk in split_into_chunks(buyers):
        requests = [RankingRequest(client_id=buyer.client.client_id, n=k, now=cut) for buyer in chunk]
        eligible = [blend.score_eligible(request, buyer.client) for request, buyer in zip(requests, chunk, strict=True)]
        own = [tuple(pick.item_id for pick in blend.select_best(items, k)) for items in eligible]
        questions = [
            build_question(blend, request, buyer.client, offered=items)
            for request, buyer, items in zip(requests, chunk, eligible, strict=True)
        ]
        _record(results[POPULARITY], [_rank_by_popularity(blend, items, k) for items in eligible], chunk, k)
        _record(results[BUILT_IN], own, chunk, k)
        for member in members:
            _record(results[member.name], _ask(results[member.name], member, questions, own, seconds), chunk, k)
        progress(len(chunk))
    return results


def _rank_by_popularity(blend: Blend, offered: EligibleItems, k: int) -> tuple[str, ...]:
    best = np.argsort(-blend.trend.everybody[offered.indices], kind="stable")[:k]
    return tuple(blend.catalogue.items[index].item_id for index in offered.indices[best].tolist())


def _ask(
    result: ReplayResult, member: Member, questions: list[RankingQuestion], own: list[tuple[str, ...]], seconds: float
) -> list[tuple[str, ...]]:
    attempts = ask_chain(SLOTS["ranking"], [member], questions, compute_batch_seconds(seconds, len(questions)))
    result.faults.update(fault.code for attempt in attempts for fault in attempt.faults)
    result.took_ms += [1_000 * max(attempt.seconds for attempt in attempts) / len(attempts)] * len(attempts)
    return [
        built_in if isinstance(attempt, Unanswered) else extract_ids(attempt.answer.model_dump()) or ()
        for attempt, built_in in zip(attempts, own, strict=True)
    ]


def _record(result: ReplayResult, lists: Sequence[Sequence[str]], chunk: Sequence[Buyer], k: int) -> None:
    result.rows += [compute_quality(ids, buyer.wanted, k) for ids, buyer in zip(lists, chunk, strict=True)]


def compute_quality(ids: Sequence[str], wanted: frozenset[str], k: int) -> tuple[float, float, float]:
    """Compute whether one of the first `k` was wanted, the share of the wanted among them, and NDCG."""
    gains = [1.0 / np.log2(index + 2) for index in range(k)]
    hits = [index for index, item in enumerate(ids[:k]) if item in wanted]
    ideal = sum(gains[: len(wanted)])
    return float(bool(hits)), len(hits) / len(wanted), float(sum(gains[index] for index in hits) / ideal)


def summarise(results: dict[str, ReplayResult]) -> dict[str, Any]:
    """Summarise each algorithm: means with 95 % intervals over clients, and its NDCG over the built-in's, client by
    client."""
    built_in = np.array(results[BUILT_IN].rows)
    return {
        name: {
            measure: mean_interval(np.array(result.rows)[:, index])._asdict() for index, measure in enumerate(MEASURES)
        }
        | {"ndcg_over_house": mean_interval(np.array(result.rows)[:, 2] - built_in[:, 2])._asdict()}
        | {"ms": median(result.took_ms) if result.took_ms else None, "faults": dict(result.faults)}
        for name, result in results.items()
    }
