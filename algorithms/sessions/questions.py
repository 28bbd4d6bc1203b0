"""Questions of the slot `session`, built from the blend and the client's history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import describe_candidates, describe_interaction
from domain import blend as scoring
from domain.histories import ClientSignals, Interaction
from errors import BadInput
from models.slots import SessionQuestion


def build_question(
    blend: Blend,
    request: RankingRequest,
    client: ClientSignals,
    items: Sequence[str],
    touches: Sequence[Interaction],
    seed: int,
) -> SessionQuestion:
    """Build the question how to order `items`, ids as they stand now, of which `request.n` are shown. Items that the
    client owns or that are sold out stay in, since the visitor sees them. Raises BadInput for an item that the
    catalogue does not hold."""
    indices = blend.catalogue.align_ids(items)
    if (unknown := np.flatnonzero(indices < 0)).size:
        raise BadInput("no item has this id", f"items.{unknown[0]}")
    shares = scoring.contributions(blend.weights, blend.compute_parts(client, indices, request))
    return SessionQuestion.model_validate(
        {
            "client_id": request.client_id,
            "now": request.now,
            "seed": seed,
            "n": request.n,
            "items": describe_candidates(blend, client, indices, shares),
            "touches": [describe_interaction(touch, blend.catalogue) for touch in touches],
        }
    )
