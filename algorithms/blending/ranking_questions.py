"""Between the product's own ranking and the slot: the question that other algorithms are asked, and their picks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from algorithms.blending.blend import Blend, Offered
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from domain import histories
from domain.arrays import Floats, Ints
from domain.blend import PARTS
from domain.histories import ClientSignals
from models.catalogue import Item
from models.mail import Pick
from models.slots import RankingAnswer, RankingQuestion

MOST: Final = 500
"""Candidates in a question: the best by the house's score of all that may be shown."""
TOUCHES: Final = 200
"""The client's latest."""


def question_of(
    blend: Blend, request: RankingRequest, client: ClientSignals, most: int = MOST, offered: Offered | None = None
) -> RankingQuestion:
    """What the slot `ranking` is asked: only items that may be shown, with the house's score and its parts.

    `offered`: what `blend.scored` said of the same request, where that is known already.
    """
    places, shares = offered or blend.scored(request, client)
    best = np.argsort(-shares.sum(axis=0), kind="stable")[: max(most, request.n)]
    # All at once: to check hundreds of candidates one by one takes three times as long.
    return RankingQuestion.model_validate(
        {
            "client_id": request.client_id,
            "now": request.now,
            "n": request.n,
            "context": request.context,
            "sizes": client.wears,
            "tags": client.tags,
            "touches": [touch_of(each, blend.catalogue) for each in _latest(client)],
            "candidates": candidates_of(blend, client, places[best], shares[:, best]),
        }
    )


def picks_of(question: RankingQuestion, answer: RankingAnswer, by: str) -> tuple[Pick, ...]:
    """The answer of the algorithm `by` as picks, with the house's parts of each, from which the reasons in words are
    told."""
    parts = {candidate.item_id: candidate.parts for candidate in question.candidates}
    return tuple(
        Pick(item_id=item.item_id, score=item.score, parts=parts[item.item_id], by=by) for item in answer.items
    )


def candidates_of(blend: Blend, client: ClientSignals, places: Ints, shares: Floats) -> list[dict[str, object]]:
    """Items at these places of the catalogue, shape (k,), with the house's `shares` of each, shape (parts, k)."""
    on_hand = blend.catalogue.in_sizes(client.wears)[places].tolist()
    columns = zip(places.tolist(), on_hand, np.round(shares.T, 6).tolist(), strict=True)
    return [_candidate(blend.catalogue.items[place], units, parts) for place, units, parts in columns]


def _candidate(item: Item, on_hand: int, shares: list[float]) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "category": item.category,
        "colour": item.colour,
        "price_cents": item.price_cents,
        "on_hand": on_hand,
        "house_score": round(sum(shares), 6),
        "parts": dict(zip(PARTS, shares, strict=True)),
    }


def _latest(client: ClientSignals) -> list[histories.Interaction]:
    return sorted(client.touches, key=lambda each: -each.at)[:TOUCHES]


def touch_of(touch: histories.Interaction, of: Catalogue) -> dict[str, object]:
    """What is owned is no candidate, so the touch itself tells what the item is, as long as the catalogue knows."""
    at = datetime.fromtimestamp(touch.at, UTC)
    told = {"item_id": touch.item_id, "kind": touch.kind, "at": at, "quantity": touch.quantity}
    if (place := of.index.get(touch.item_id)) is None:
        return told
    item = of.items[place]
    return told | {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}
