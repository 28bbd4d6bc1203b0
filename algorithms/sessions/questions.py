"""From the house's memory to a question of the slot `session`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import candidates_of, touch_of
from domain import blend as scoring
from domain.histories import ClientSignals, Interaction
from errors import BadInput
from models.slots import SessionQuestion


def question_of(
    blend: Blend,
    request: RankingRequest,
    client: ClientSignals,
    items: Sequence[str],
    touches: Sequence[Interaction],
    seed: int,
) -> SessionQuestion:
    """How to order `items`, ids as they stand now, of which `request.n` are shown; what the client owns or what is sold
    out too, since the visitor sees it. Raises BadInput for an item that the catalogue does not hold."""
    places = blend.catalogue.aligned(items)
    if (unknown := np.flatnonzero(places < 0)).size:
        raise BadInput("no item has this id", f"items.{unknown[0]}")
    shares = scoring.contributions(blend.weights, blend.parts(client, places, request))
    return SessionQuestion.model_validate(
        {
            "client_id": request.client_id,
            "now": request.now,
            "seed": seed,
            "n": request.n,
            "items": candidates_of(blend, client, places, shares),
            "touches": [touch_of(touch, blend.catalogue) for touch in touches],
        }
    )
