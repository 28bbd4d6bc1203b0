"""The question of the slot `ranking` that other algorithms get, and their answers as picks of the product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np

from algorithms.blending.blend import Blend, EligibleItems
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
"""Candidates in a question: the best by the built-in score of all that may be shown."""
TOUCHES: Final = 200
"""The client's latest interactions in a question."""


def build_question(
    blend: Blend,
    request: RankingRequest,
    client: ClientSignals,
    most: int = MOST,
    offered: EligibleItems | None = None,
    groups: Mapping[str, str] | None = None,
) -> RankingQuestion:
    """Build the question of the slot `ranking`: only items that may be shown, with the built-in score and its parts.

    `offered`: what `blend.score_eligible` returned for the same request, where that is known already. `groups`, by
    normalised category: as many items of each group as there can be.
    """
    offered = offered or blend.score_eligible(request, client)
    indices, shares = offered
    if groups is None:
        best = np.argsort(-shares.sum(axis=0), kind="stable")[: max(most, request.n)]
    else:
        best = blend.spread_over_groups(offered, max(most, request.n), groups)
    # Validated all at once: checking hundreds of candidates one by one takes three times as long.
    return RankingQuestion.model_validate(
        {
            "client_id": request.client_id,
            "now": request.now,
            "n": request.n,
            "context": request.context,
            "sizes": client.wears,
            "tags": client.tags,
            "touches": [describe_interaction(interaction, blend.catalogue) for interaction in _list_latest(client)],
            "candidates": describe_candidates(blend, client, indices[best], shares[:, best]),
        }
    )


def build_picks(question: RankingQuestion, answer: RankingAnswer, by: str) -> tuple[Pick, ...]:
    """Convert the answer of the algorithm `by` to picks, with the built-in parts of each, which explain them in
    words."""
    parts = {candidate.item_id: candidate.parts for candidate in question.candidates}
    return tuple(
        Pick(item_id=item.item_id, score=item.score, parts=parts[item.item_id], by=by) for item in answer.items
    )


def describe_candidates(blend: Blend, client: ClientSignals, indices: Ints, shares: Floats) -> list[dict[str, object]]:
    """Describe items at these indices of the catalogue, shape (k,), with the built-in `shares` of each, shape (parts,
    k)."""
    on_hand = blend.catalogue.count_in_sizes(client.wears)[indices].tolist()
    columns = zip(indices.tolist(), on_hand, np.round(shares.T, 6).tolist(), strict=True)
    return [_describe_candidate(blend.catalogue.items[index], units, parts) for index, units, parts in columns]


def _describe_candidate(item: Item, on_hand: int, shares: list[float]) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "category": item.category,
        "colour": item.colour,
        "price_cents": item.price_cents,
        "on_hand": on_hand,
        "house_score": round(sum(shares), 6),
        "parts": dict(zip(PARTS, shares, strict=True)),
    }


def _list_latest(client: ClientSignals) -> list[histories.Interaction]:
    return sorted(client.touches, key=lambda interaction: -interaction.at)[:TOUCHES]


def describe_interaction(touch: histories.Interaction, of: Catalogue) -> dict[str, object]:
    """Describe an interaction with its item, where the catalogue knows it: an owned item is no candidate."""
    at = datetime.fromtimestamp(touch.at, UTC)
    description = {"item_id": touch.item_id, "kind": touch.kind, "at": at, "quantity": touch.quantity}
    if (index := of.index.get(touch.item_id)) is None:
        return description
    item = of.items[index]
    return description | {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}
