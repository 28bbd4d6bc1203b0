"""Try rankings: rank ten items as of the cut for clients who bought since; by NDCG@10."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.replay import Buyer, compute_quality
from domain.arrays import Floats
from domain.blend import BlendWeights
from domain.histories import ClientSignals, WeightedInteractions
from services.context import ServiceContext
from services.evaluation.rankings import build_past_blend, build_past_catalogue, choose_buyers
from services.recommendations.blend_weights import add_stored_model
from services.training.ranking import measure_ranking
from services.training.trials import ChampionTrial, has_seen_later
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning.artefacts import Artefact

K: Final = 10
MOST_BUYERS: Final = 2_000
"""The most clients who are ranked for, sampled by the seed."""


def try_ranking(
    context: ServiceContext, cut: datetime, until: datetime, challenger: Artefact, champion: Artefact | None
) -> ChampionTrial:
    """Score the whole blend with each model in it, among the items of the cut.

    The challenger's recipe is fitted to the time before the cut, its share in the blend measured there too. The
    champion is tried as it serves; one that has seen later days is fitted again to the time before the cut.
    """
    with read_transaction(context.engine) as connection:
        interaction_log, clients = (
            interactions.load_interactions(connection, None, until),
            interactions.load_descriptions(connection),
        )
        items = catalogue.list_items(connection)
    past, future = (
        interaction_log.select(interaction_log.at <= cut.timestamp()),
        interaction_log.select(interaction_log.at > cut.timestamp()),
    )
    in_catalogue, settings = build_past_catalogue(items, past, cut), context.settings
    sample = (
        choose_buyers(past, future, in_catalogue, clients, MOST_BUYERS, challenger.seed)
        if len(past) and len(in_catalogue) > 1
        else []
    )
    if len(sample) < 2:
        return ChampionTrial(f"ndcg@{K}", np.zeros(0), np.zeros(0))
    tried = build_past_blend(
        settings, in_catalogue, past, clients, _measure_recipe(context, challenger, in_catalogue, past, clients)
    )
    served = build_past_blend(
        settings, in_catalogue, past, clients, champion if champion and has_seen_later(champion, cut) else None
    )
    if champion is not None and not has_seen_later(champion, cut):
        served = add_stored_model(served, champion, Path(settings.home))
    return ChampionTrial(f"ndcg@{K}", _compute_ndcg(served, sample, cut), _compute_ndcg(tried, sample, cut))


def _measure_recipe(
    context: ServiceContext,
    recipe: Artefact,
    items: Catalogue,
    past: WeightedInteractions,
    clients: dict[str, ClientSignals],
) -> Artefact:
    """Return the recipe with the shares that the past alone would have given it."""
    weights = BlendWeights(match=context.settings.blend_match, trend=context.settings.blend_trend)
    values = measure_ranking(recipe.algorithm, items, past, clients, recipe.seed, weights)
    return recipe.model_copy(update={"metrics": {"shares": values.get("shares", {})}})


def _compute_ndcg(blend: Blend, sample: Sequence[Buyer], cut: datetime) -> Floats:
    values = []
    for buyer in sample:
        request = RankingRequest(client_id=buyer.client.client_id, n=K, now=cut)
        picks = [pick.item_id for pick in blend.rank(request, buyer.client)]
        values.append(compute_quality(picks, buyer.wanted, K)[2])
    return np.array(values)
