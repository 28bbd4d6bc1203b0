"""Ask the slot `engagement` about many clients at once, and put the answers in the place of the formula's scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import Engine

from algorithms.engagement import ClientAssessments, compute_band_exits
from algorithms.slots.batches import split_into_chunks
from domain.arrays import Floats
from domain.engagement import EngagementRules, find_band_index
from domain.engagement_answers import PluggedScore
from domain.histories import Histories
from services.assessment.engagement import EngagementService
from store.clients import engagement_events
from store.database import read_transaction


def apply_algorithm(
    engine: Engine,
    service: EngagementService,
    rules: EngagementRules,
    ids: Sequence[str],
    histories: Histories,
    formula: ClientAssessments,
    at: datetime,
    advance: Callable[[int], None],
) -> tuple[ClientAssessments, set[str]]:
    """Return the assessments with the algorithm's scores, bands and crossings, and the names of the algorithms. Clients
    for whom none answered keep the formula's."""
    scores = replace(
        formula,
        engagement=formula.engagement.copy(),
        band=formula.band.copy(),
        next_crossing=formula.next_crossing.copy(),
        band_exits=compute_band_exits(rules, histories),
    )
    names: set[str] = set()
    for rows in split_into_chunks(range(len(ids))):
        chunk = [ids[row] for row in rows]
        with read_transaction(engine) as connection:
            events = engagement_events.load_events(connection, chunk, at)
        formula_scores = [float(formula.engagement[row]) for row in rows]
        past = [events.get(client_id, ()) for client_id in chunk]
        for row, result in zip(rows, service.ask_many(chunk, past, formula_scores, at), strict=True):
            if result.plugged is not None:
                _set_answer(scores, rules, row, result.plugged)
                names.add(result.plugged.algorithm)
        advance(len(rows))
    return scores, names


def _set_answer(scores: ClientAssessments, rules: EngagementRules, row: int, plugged: PluggedScore) -> None:
    answer = plugged.answer
    index = int(find_band_index(rules, [answer.score])[0])
    crossing = np.nan if answer.crosses_at is None else answer.crosses_at.timestamp()
    scores.engagement[row], scores.band[row], scores.next_crossing[row] = answer.score, index, crossing
    exits: Floats = np.array([-np.inf] * index + [crossing] + [np.nan] * 3)[:3]
    if scores.band_exits is not None:
        scores.band_exits[:, row] = exits
