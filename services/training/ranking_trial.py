"""Rankings tried: asked as of the cut for ten items each, for clients who bought since; by NDCG@10."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.replay import Buyer, quality
from domain.arrays import Floats
from domain.blend import BlendWeights
from domain.histories import ClientSignals, Interactions
from services.context import ServiceContext
from services.evaluation.rankings import as_of, buyers, house_of
from services.recommendations.blend_weights import with_kept
from services.training.ranking import measure
from services.training.trials import Trial, has_seen
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning.artefacts import Artefact

K: Final = 10
MOST: Final = 2_000
"""Clients who are asked about, drawn by the seed."""


def try_ranking(
    context: ServiceContext, cut: datetime, until: datetime, challenger: Artefact, champion: Artefact | None
) -> Trial:
    """The whole blend with each model in it, among what was there at the cut.

    The challenger's recipe is learnt from before the cut, its share in the blend measured there too. The champion is
    tried as it serves; one that knows later days, as its recipe learns from before the cut.
    """
    with read_transaction(context.engine) as connection:
        touches, clients = interactions.between(connection, None, until), interactions.described(connection)
        items = catalogue.every_item(connection)
    past, future = touches.part(touches.at <= cut.timestamp()), touches.part(touches.at > cut.timestamp())
    of, settings = as_of(items, past, cut), context.settings
    asked = buyers(past, future, of, clients, MOST, challenger.seed) if len(past) and len(of) > 1 else []
    if len(asked) < 2:
        return Trial(f"ndcg@{K}", np.zeros(0), np.zeros(0))
    tried = house_of(settings, of, past, clients, _shared(context, challenger, of, past, clients))
    served = house_of(settings, of, past, clients, champion if champion and has_seen(champion, cut) else None)
    if champion is not None and not has_seen(champion, cut):
        served = with_kept(served, champion, Path(settings.home))
    return Trial(f"ndcg@{K}", _ndcg(served, asked, cut), _ndcg(tried, asked, cut))


def _shared(
    context: ServiceContext, recipe: Artefact, of: Catalogue, past: Interactions, clients: dict[str, ClientSignals]
) -> Artefact:
    """The recipe with the shares that the past alone would have given it."""
    weights = BlendWeights(match=context.settings.blend_match, trend=context.settings.blend_trend)
    found = measure(recipe.algorithm, of, past, clients, recipe.seed, weights)
    return recipe.model_copy(update={"metrics": {"shares": found.get("shares", {})}})


def _ndcg(blend: Blend, asked: Sequence[Buyer], cut: datetime) -> Floats:
    found = []
    for buyer in asked:
        request = RankingRequest(client_id=buyer.client.client_id, n=K, now=cut)
        picks = [pick.item_id for pick in blend.rank(request, buyer.client)]
        found.append(quality(picks, buyer.wanted, K)[2])
    return np.array(found)
