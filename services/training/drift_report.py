"""Load what the drift report compares: features and scores of the latest days and of as many days before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.evaluation import rebuild_clients
from algorithms.drift_samples import Samples, sample_interactions, sample_orders
from algorithms.risk.order_totals import OrderTotals
from domain.arrays import Floats
from domain.engagement import DAY, compute_score, compute_strength
from domain.histories import ClientSignals, Histories
from services.assessment import scoring
from services.context import ServiceContext
from services.evaluation.rankings import build_past_blend, build_past_catalogue
from services.recommendations import ranking_state
from services.recommendations.blend_weights import add_stored_model
from services.training.ranking_trial import K
from store.catalogue import catalogue
from store.clients import histories, interactions, order_histories
from store.database import read_transaction
from store.learning import artefacts

MOST_RANKED: Final = 300
"""The most clients who are ranked for, of each stretch of days."""
SEED: Final = 42

Days: TypeAlias = tuple[datetime, datetime, datetime]
"""Two stretches of days: from, to the cut, to."""


def load_samples(context: ServiceContext, days: Days) -> Samples:
    """Load features and scores of both stretches of days, by name."""
    return (
        _load_feature_samples(context, days) | _load_score_samples(context, days) | _load_ranking_samples(context, days)
    )


def _load_feature_samples(context: ServiceContext, days: Days) -> Samples:
    since, cut, until = days
    with read_transaction(context.engine) as connection:
        items = Catalogue.of(catalogue.list_items(connection), ())
        interaction_log = interactions.load_interactions(connection, since, until)
        rows = order_histories.load_all_orders(connection, until)
    orders = sample_orders(rows.client_ids, rows.at, rows.value_cents / 100, since.timestamp(), cut.timestamp())
    return sample_interactions(interaction_log, items, cut.timestamp()) | orders


def _load_score_samples(context: ServiceContext, days: Days) -> Samples:
    """Score every client at the end of each stretch, by the model that serves now."""
    with read_transaction(context.engine) as connection:
        artefact = artefacts.find_live(connection, scoring.RISK_SLOT)
        ends = [histories.replay_histories(connection, context.engagement, day)[1] for day in days[1:]]
    model, samples = scoring.load_model(Path(context.settings.home), artefact), {}
    samples["score: engagement"] = _score_both(lambda at, clients: _score_engagement(context, clients, at), days, ends)
    if model is not None:
        samples["score: risk"] = _score_both(
            lambda at, clients: model.forecast(_build_totals(clients), at / DAY).p_order, days, ends
        )
    return samples


def _score_engagement(context: ServiceContext, clients: Histories, at: float) -> Floats:
    rules = context.engagement
    return compute_score(
        rules,
        clients.anchor,
        compute_strength(rules, clients.anchor, clients.frequency, clients.monetary, clients.last_order),
        at,
    )


def _load_ranking_samples(context: ServiceContext, days: Days) -> Samples:
    """Average the scores of the ten best items, ranked at the end of each stretch for clients who were active in it."""
    since, cut, until = days
    with read_transaction(context.engine) as connection:
        interaction_log, clients = (
            interactions.load_interactions(connection, None, until),
            interactions.load_descriptions(connection),
        )
        items, artefact = catalogue.list_items(connection), artefacts.find_live(connection, ranking_state.SLOT)
    samples = []
    for begin, end in ((since, cut), (cut, until)):
        past = interaction_log.select(interaction_log.at <= end.timestamp())
        active = np.unique(past.client[past.at > begin.timestamp()])
        if not len(active):
            return {}
        blend = build_past_blend(context.settings, build_past_catalogue(items, past, end), past, clients, None)
        if artefact is not None:
            blend = add_stored_model(blend, artefact, Path(context.settings.home))
        sampled = np.random.default_rng(SEED).permutation(active)[:MOST_RANKED].tolist()
        people = rebuild_clients(past, clients, sampled)
        samples.append(np.array([_average_best(blend, client, end) for client in people]))
    return {"score: ranking": (samples[0], samples[1])}


def _score_both(
    score_at: Callable[[float, Histories], Floats], days: Days, ends: list[Histories]
) -> tuple[Floats, Floats]:
    before, now = (score_at(at.timestamp(), clients) for at, clients in zip(days[1:], ends, strict=True))
    return before[~np.isnan(before)], now[~np.isnan(now)]


def _build_totals(clients: Histories) -> OrderTotals:
    rows = clients.orders > 0
    return OrderTotals(
        clients.orders[rows], clients.first_order[rows] / DAY, clients.last_order[rows] / DAY, clients.value[rows]
    )


def _average_best(blend: Blend, client: ClientSignals, now: datetime) -> float:
    picks = blend.rank(RankingRequest(client_id=client.client_id, n=K, now=now), client)
    return float(np.mean([pick.score for pick in picks])) if picks else 0.0
