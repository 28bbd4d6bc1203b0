"""The built-in answer of every slot: a plain one that needs only the question and always satisfies the slot's rules."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import log2
from statistics import median
from typing import Final

from domain.engagement import DAY, EngagementRules
from domain.fixes import must_haves
from models.slots import (
    AssemblyAnswer,
    AssemblyQuestion,
    EngagementAnswer,
    EngagementQuestion,
    NextActionAnswer,
    NextActionQuestion,
    Piece,
    RankingAnswer,
    RankingQuestion,
    RiskAnswer,
    RiskQuestion,
    ScoredItem,
    SendTimeAnswer,
    SendTimeQuestion,
    SessionAnswer,
    SessionQuestion,
)

USUAL_GAP_DAYS: Final = 90.0
"""Days between two orders, assumed for clients whose own cadence is unknown."""


def answer_ranking(question: RankingQuestion) -> RankingAnswer:
    """Rank by the built-in score; equal scores by id."""
    once = {candidate.item_id: candidate for candidate in question.candidates}
    best = sorted(once.values(), key=lambda candidate: (-candidate.house_score, candidate.item_id))[: question.n]
    return RankingAnswer(
        items=tuple(ScoredItem(item_id=candidate.item_id, score=candidate.house_score) for candidate in best)
    )


def answer_session(question: SessionQuestion) -> SessionAnswer:
    """Keep the order of the question."""
    return SessionAnswer(items=tuple(dict.fromkeys(item.item_id for item in question.items))[: question.n])


def answer_assembly(question: AssemblyQuestion) -> AssemblyAnswer:
    """Take the cheapest must-haves, then the best pieces that still fit: fast and feasible, not optimal."""
    box = must_haves.cover_must_haves(question)
    for piece in sorted(question.pieces, key=lambda candidate: (-candidate.score, candidate.sku)):
        if piece.score < 0 or len(box) == question.slots:
            break
        if _fits(question, box, piece):
            box.append(piece)
    return AssemblyAnswer(skus=tuple(boxed.sku for boxed in box))


def _fits(question: AssemblyQuestion, box: list[Piece], piece: Piece) -> bool:
    def within(limit: int | None, used: int) -> bool:
        return limit is None or used <= limit

    return (
        all(boxed.sku != piece.sku for boxed in box)
        and within(question.item_cap_cents, piece.price_cents)
        and within(question.budget_cents, piece.price_cents + sum(boxed.price_cents for boxed in box))
        and within(question.category_cap, 1 + sum(boxed.category == piece.category for boxed in box))
        and (not piece.colour or within(question.colour_cap, 1 + sum(boxed.colour == piece.colour for boxed in box)))
    )


def answer_engagement(question: EngagementQuestion) -> EngagementAnswer:
    """Score by decayed event counts: `a` events left give 100 a / (1 + a), which is t when a = t / (100 - t)."""
    half = EngagementRules().half_life_days
    days = [(question.now - event.at).total_seconds() / DAY for event in question.events if event.at <= question.now]
    left = sum(2.0 ** (-day / half) for day in days)
    score = 100.0 * left / (1.0 + left)
    below = max((threshold for threshold in question.thresholds if 0 < threshold < score), default=None)
    fading = None if below is None else timedelta(days=half * log2(left * (100.0 - below) / below), seconds=1)
    return EngagementAnswer(score=score, crosses_at=None if fading is None else question.now + fading)


def answer_risk(question: RiskQuestion) -> RiskAnswer:
    """Halve P(alive) for each usual gap that the silence lasts beyond the first."""
    at = sorted(order.at for order in question.orders if order.at <= question.now)
    if not at:
        return RiskAnswer(p_alive=0.5, expected_orders=0.0)
    gaps = [(later - earlier).total_seconds() / DAY for earlier, later in pairwise(at)]
    gap = max(median(gaps), 1.0) if gaps else USUAL_GAP_DAYS
    silence = (question.now - at[-1]).total_seconds() / DAY
    p_alive = 2.0 ** -max(0.0, silence / gap - 1.0)
    return RiskAnswer(p_alive=p_alive, expected_orders=p_alive * question.horizon_days / gap)


def answer_send_time(question: SendTimeQuestion) -> SendTimeAnswer:
    """Choose the first allowed moment."""
    open_ones = [
        max(window.start, question.now) for window in question.windows if window.until > max(window.start, question.now)
    ]
    return SendTimeAnswer(at=min(open_ones, default=question.windows[0].start))


def answer_next_action(question: NextActionQuestion) -> NextActionAnswer:
    """Choose a mail where one is allowed."""
    return NextActionAnswer(action="email" if "email" in question.allowed else question.allowed[0])
