"""Read the answer of an algorithm in the slot `engagement`: the band, and when the client is to be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from domain.engagement import (
    BANDS,
    Engagement,
    EngagementRules,
    EngagementScore,
    choose_band_index,
    score_client,
)
from models.base import ClientId
from models.slots import EngagementAnswer, EngagementQuestion, Occurrence
from models.states import Band

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class PluggedScore(NamedTuple):
    """An algorithm's answer, and its name with its version."""

    answer: EngagementAnswer
    algorithm: str


def build_question(
    client_id: ClientId, rules: EngagementRules, events: tuple[Occurrence, ...], now: datetime
) -> EngagementQuestion:
    """Build the slot's question from the events that count for engagement, oldest first."""
    thresholds = tuple(level for _, level in rules.thresholds if level > 0)
    return EngagementQuestion(client_id=client_id, now=now, events=events, thresholds=thresholds)


def answer_by_formula(rules: EngagementRules, stats: Engagement, now: datetime) -> EngagementAnswer:
    """Answer by the closed formula, which gives the crossing time: the built-in of the slot."""
    score = score_client(rules, stats, now)
    return EngagementAnswer(score=score.score, crosses_at=score.crosses_at)


def apply_answer(
    rules: EngagementRules,
    stats: Engagement,
    answer: EngagementAnswer,
    now: datetime,
    held: Band | None,
    recheck_days: float,
) -> EngagementScore:
    """Return the score of an algorithm with its band, and when to look again.

    Ingestion knows the formula alone: an event calls for a new assessment when it lifts the formula's score past a
    threshold, and so does every order.
    """
    index = choose_band_index(rules, answer.score, held)
    return EngagementScore(
        score=round(answer.score, 4),
        band=BANDS[index],
        crosses_at=answer.crosses_at,
        lift_score=score_client(rules, stats, now).lift_score,
        order_moves=True,
        band_exits=(LONG_AGO,) * index + ((answer.crosses_at,) if answer.crosses_at else ()),
        look_again_at=None if answer.crosses_at else now + timedelta(days=recheck_days),
    )
