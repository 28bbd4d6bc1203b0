"""Between the product's own ranking and the slot: the question that other algorithms are asked, and their picks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from algorithms.blend import Blend
from algorithms.slots import RankingRequest
from domain import blend as blending
from domain import histories
from domain.blend import PARTS
from domain.histories import ClientSignals
from models.mail import Pick
from models.slots import Candidate, RankingAnswer, RankingQuestion, Touch

MOST: Final = 500
"""Candidates in a question: the best by the house's score of all that may be shown."""
TOUCHES: Final = 200
"""The client's latest."""


def question_of(blend: Blend, request: RankingRequest, client: ClientSignals, most: int = MOST) -> RankingQuestion:
    """What the slot `ranking` is asked: only items that may be shown, with the house's score and its parts."""
    may = blend.eligible(client, request)
    shares = blending.contributions(blend.weights, blend.parts(client, may, request)) if len(may) else np.zeros((6, 0))
    best = np.argsort(-shares.sum(axis=0), kind="stable")[: max(most, request.n)]
    in_sizes = blend.catalogue.in_sizes(client.wears)
    return RankingQuestion(
        client_id=request.client_id,
        now=request.now,
        n=request.n,
        context=request.context,
        sizes=client.wears,
        tags=client.tags,
        touches=tuple(_touch(each) for each in sorted(client.touches, key=lambda each: -each.at)[:TOUCHES]),
        candidates=tuple(
            _candidate(blend, int(may[place]), int(in_sizes[may[place]]), shares[:, place].tolist()) for place in best
        ),
    )


def picks_of(question: RankingQuestion, answer: RankingAnswer) -> tuple[Pick, ...]:
    """The answer as picks, with the house's parts of each, from which the reasons in words are told."""
    parts = {each.item_id: each.parts for each in question.candidates}
    return tuple(Pick(item_id=each.item_id, score=each.score, parts=parts[each.item_id]) for each in answer.items)


def _candidate(blend: Blend, place: int, on_hand: int, shares: list[float]) -> Candidate:
    item = blend.catalogue.items[place]
    parts = {name: round(share, 6) for name, share in zip(PARTS, shares, strict=True)}
    return Candidate(
        item_id=item.item_id,
        category=item.category,
        colour=item.colour,
        price_cents=item.price_cents,
        on_hand=on_hand,
        house_score=round(sum(parts.values()), 6),
        parts=parts,
    )


def _touch(touch: histories.Touch) -> Touch:
    at = datetime.fromtimestamp(touch.at, UTC)
    return Touch(item_id=touch.item_id, kind=touch.kind, at=at, quantity=touch.quantity)
