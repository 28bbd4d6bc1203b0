"""The last resort of every slot: a plain answer that needs nothing but the question and always satisfies its rules."""

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
    Scored,
    SendTimeAnswer,
    SendTimeQuestion,
    SessionAnswer,
    SessionQuestion,
)

USUAL_GAP_DAYS: Final = 90.0
"""Between two orders, for clients whose own rhythm is not known."""


def ranking(question: RankingQuestion) -> RankingAnswer:
    """By the house's score; of equal ones the first by id."""
    once = {candidate.item_id: candidate for candidate in question.candidates}
    best = sorted(once.values(), key=lambda each: (-each.house_score, each.item_id))[: question.n]
    return RankingAnswer(items=tuple(Scored(item_id=each.item_id, score=each.house_score) for each in best))


def session(question: SessionQuestion) -> SessionAnswer:
    """As they came."""
    return SessionAnswer(items=tuple(dict.fromkeys(item.item_id for item in question.items))[: question.n])


def assembly(question: AssemblyQuestion) -> AssemblyAnswer:
    """The must-haves at their cheapest, then the best first, as long as they fit: quick and feasible, not the best."""
    box = must_haves.cover(question)
    for piece in sorted(question.pieces, key=lambda each: (-each.score, each.sku)):
        if piece.score < 0 or len(box) == question.slots:
            break
        if _fits(question, box, piece):
            box.append(piece)
    return AssemblyAnswer(skus=tuple(each.sku for each in box))


def _fits(question: AssemblyQuestion, box: list[Piece], piece: Piece) -> bool:
    def within(limit: int | None, used: int) -> bool:
        return limit is None or used <= limit

    return (
        all(each.sku != piece.sku for each in box)
        and within(question.item_cap_cents, piece.price_cents)
        and within(question.budget_cents, piece.price_cents + sum(each.price_cents for each in box))
        and within(question.category_cap, 1 + sum(each.category == piece.category for each in box))
        and (not piece.colour or within(question.colour_cap, 1 + sum(each.colour == piece.colour for each in box)))
    )


def engagement(question: EngagementQuestion) -> EngagementAnswer:
    """Events fade by half each half life; `a` left of them give 100 a / (1 + a), which is t when a = t / (100 - t)."""
    half = EngagementRules().half_life_days
    days = [(question.now - event.at).total_seconds() / DAY for event in question.events if event.at <= question.now]
    left = sum(2.0 ** (-day / half) for day in days)
    score = 100.0 * left / (1.0 + left)
    below = max((threshold for threshold in question.thresholds if 0 < threshold < score), default=None)
    fading = None if below is None else timedelta(days=half * log2(left * (100.0 - below) / below), seconds=1)
    return EngagementAnswer(score=score, crosses_at=None if fading is None else question.now + fading)


def risk(question: RiskQuestion) -> RiskAnswer:
    """The longer the silence beyond the client's usual gap, the likelier they left: half for each gap more."""
    at = sorted(order.at for order in question.orders if order.at <= question.now)
    if not at:
        return RiskAnswer(p_alive=0.5, expected_orders=0.0)
    gaps = [(later - earlier).total_seconds() / DAY for earlier, later in pairwise(at)]
    gap = max(median(gaps), 1.0) if gaps else USUAL_GAP_DAYS
    silence = (question.now - at[-1]).total_seconds() / DAY
    p_alive = 2.0 ** -max(0.0, silence / gap - 1.0)
    return RiskAnswer(p_alive=p_alive, expected_orders=p_alive * question.horizon_days / gap)


def send_time(question: SendTimeQuestion) -> SendTimeAnswer:
    """The first moment that is allowed."""
    open_ones = [
        max(window.start, question.now) for window in question.windows if window.until > max(window.start, question.now)
    ]
    return SendTimeAnswer(at=min(open_ones, default=question.windows[0].start))


def next_action(question: NextActionQuestion) -> NextActionAnswer:
    """A mail where one is allowed: what the house does when nobody says better."""
    return NextActionAnswer(action="email" if "email" in question.allowed else question.allowed[0])
