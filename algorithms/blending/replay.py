"""The slot `ranking` asked again as of a day past, of clients who bought since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, Final

import numpy as np

from algorithms.blending.blend import Blend, Offered
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import question_of
from algorithms.slots.batches import batch_seconds, chunks
from algorithms.slots.guard import Member, decide_many
from algorithms.slots.slot_table import SLOTS
from domain.comparison.likeness import listed
from domain.histories import ClientSignals
from domain.statistics.intervals import mean_interval
from models.policies import BUILT_IN
from models.slots import RankingQuestion

POPULARITY: Final = "popularity"
MEASURES: Final = ("hit_rate", "recall", "ndcg")


@dataclass(frozen=True)
class Buyer:
    """A client as of the cut, and what they bought after it."""

    client: ClientSignals
    wanted: frozenset[str]


@dataclass
class Listed:
    """What one algorithm answered: a row of MEASURES for each buyer, milliseconds a question, faults by code."""

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
) -> dict[str, Listed]:
    """Ask popularity, the house and `members` for `k` items each, a chunk of buyers in one call.

    `blend`: the house as of the cut. A fault is answered by the house, as in service. `seconds`: for one question.
    """
    found = {name: Listed() for name in (POPULARITY, BUILT_IN, *(member.name for member in members))}
    for chunk in chunks(buyers):
        requests = [RankingRequest(client_id=each.client.client_id, n=k, now=cut) for each in chunk]
        offered = [blend.scored(request, each.client) for request, each in zip(requests, chunk, strict=True)]
        own = [tuple(pick.item_id for pick in blend.best(each, k)) for each in offered]
        questions = [
            question_of(blend, request, each.client, offered=its)
            for request, each, its in zip(requests, chunk, offered, strict=True)
        ]
        _note(found[POPULARITY], [_popular(blend, each, k) for each in offered], chunk, k)
        _note(found[BUILT_IN], own, chunk, k)
        for member in members:
            _note(found[member.name], _asked(found[member.name], member, questions, own, seconds), chunk, k)
        progress(len(chunk))
    return found


def _popular(blend: Blend, offered: Offered, k: int) -> tuple[str, ...]:
    best = np.argsort(-blend.trend.everybody[offered.places], kind="stable")[:k]
    return tuple(blend.catalogue.items[place].item_id for place in offered.places[best].tolist())


def _asked(
    its: Listed, member: Member, questions: list[RankingQuestion], own: list[tuple[str, ...]], seconds: float
) -> list[tuple[str, ...]]:
    decisions = decide_many(SLOTS["ranking"], [member], questions, batch_seconds(seconds, len(questions)))
    its.faults.update(fault.code for decision in decisions for fault in decision.faults)
    its.took_ms += [1_000 * max(decision.seconds for decision in decisions) / len(decisions)] * len(decisions)
    return [
        house if decision.algorithm == BUILT_IN else listed(decision.answer.model_dump()) or ()
        for decision, house in zip(decisions, own, strict=True)
    ]


def _note(its: Listed, lists: Sequence[Sequence[str]], chunk: Sequence[Buyer], k: int) -> None:
    its.rows += [quality(ids, buyer.wanted, k) for ids, buyer in zip(lists, chunk, strict=True)]


def quality(ids: Sequence[str], wanted: frozenset[str], k: int) -> tuple[float, float, float]:
    """Whether one of the first `k` was wanted, the share of the wanted that is among them, and NDCG."""
    gains = [1.0 / np.log2(place + 2) for place in range(k)]
    hits = [place for place, item in enumerate(ids[:k]) if item in wanted]
    ideal = sum(gains[: len(wanted)])
    return float(bool(hits)), len(hits) / len(wanted), float(sum(gains[place] for place in hits) / ideal)


def told(found: dict[str, Listed]) -> dict[str, Any]:
    """Means with 95 % intervals over clients, and what each NDCG is more than the house's, client by client."""
    house = np.array(found[BUILT_IN].rows)
    return {
        name: {measure: mean_interval(np.array(its.rows)[:, place])._asdict() for place, measure in enumerate(MEASURES)}
        | {"ndcg_over_house": mean_interval(np.array(its.rows)[:, 2] - house[:, 2])._asdict()}
        | {"ms": median(its.took_ms) if its.took_ms else None, "faults": dict(its.faults)}
        for name, its in found.items()
    }
