"""Train a ranking from the store: fit to the past and measure on what came after, then fit to everything and serve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.blending import evaluation
from algorithms.blending.blend import mix_scores
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.contracts import Ranker
from algorithms.blending.evaluation import TimeSplit
from algorithms.blending.trend import Trend
from algorithms.ranking.catalogue_ranker import CatalogueRanker, code_version
from domain.arrays import Floats, Ints
from domain.blend import BlendWeights
from domain.histories import ClientSignals, WeightedInteractions
from errors import BadInput
from services.recommendations.ranking_state import SLOT
from services.training import artefacts as keeping
from settings import Settings
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the model in the user match that are compared on the held-out time."""
ENOUGH: Final = 50
"""Clients to measure on; with fewer a comparison says nothing, and the blend's own shares stand."""
DEFAULT_ALGORITHM: Final = "stacked"
"""What is trained where no algorithm is named."""
GROUPS: Final = {"returning": True, "new": False}
"""Clients who had done something by the cut, and those who came after it."""
NEW_ITEMS: Final = "new items"
"""Clients who took up items that nobody had touched by the cut, measured on such items alone."""

TOLD_EVERY: Final = 500
"""Clients between two words on how far a measurement is."""
Progress = Callable[[str], None]


def train_ranking(
    engine: Engine,
    settings: Settings,
    algorithm: str,
    seed: int,
    now: datetime,
    progress: Progress = lambda _: None,
    *,
    live: bool = True,
) -> Artefact:
    """Train `algorithm` on all that is stored up to business `now` and save it; where it is to be `live`, it serves.

    Raises BadInput when the algorithm is unknown or the store holds nothing to learn from.
    """
    ranker = CatalogueRanker(algorithm)
    algorithm = ranker.name  # today's name, where an alias was given
    progress("reading the store")
    with read_transaction(engine) as connection:
        items = Catalogue.of(catalogue.list_items(connection), ())
        interaction_log = interactions.load_interactions(connection, None, now)
        clients = interactions.load_descriptions(connection)
    _require_enough(items, interaction_log)
    progress(
        f"{len(interaction_log):,} interactions of {len(interaction_log.clients):,} clients on {len(items):,} items"
    )
    weights = BlendWeights(match=settings.blend_match, trend=settings.blend_trend)
    metrics = measure_ranking(algorithm, items, interaction_log, clients, seed, weights, progress)
    progress(f"learning {algorithm} from everything")
    ranker.fit(interaction_log, items, clients, seed, progress)
    id_ = keeping.build_artefact_id(algorithm)
    artefact = Artefact(
        id=id_,
        slot=SLOT,
        algorithm=algorithm,
        path=artefacts.build_path(id_),
        window_from=datetime.fromtimestamp(float(interaction_log.at.min()), UTC),
        window_until=datetime.fromtimestamp(float(interaction_log.at.max()), UTC),
        metrics=metrics | {"code": code_version()},
        seed=seed,
        created_at=now,
        live=live,
    )
    keeping.save_artefact(engine, Path(settings.home), artefact, ranker.save)
    return artefact


def measure_ranking(
    algorithm: str,
    items: Catalogue,
    interaction_log: WeightedInteractions,
    clients: dict[str, ClientSignals],
    seed: int,
    weights: BlendWeights,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Measure recall@10 and NDCG@10 on a time split, by group and by what is compared, and the model's best share in
    the user match of each group of clients. The blend compared is that of match and trend, which alone depend on the
    client."""
    split = evaluation.split(interaction_log, items, clients, seed)
    if not split.targets:
        return {}
    cut = datetime.fromtimestamp(split.cut, UTC)
    progress(f"learning {algorithm} from the time before {cut:%Y-%m-%d}")
    model, trend = CatalogueRanker(algorithm), Trend.of(split.past, items, clients)
    model.fit(split.past, items, clients, seed, progress)
    about: dict[str, Any] = {"cut": cut.isoformat(), "asked": {}, "quality": {}, "shares": {}}
    groups = {group: split.select_clients(returning) for group, returning in GROUPS.items()}
    for group, part in (groups | {NEW_ITEMS: split.restrict_to_new_items(items)}).items():
        progress(f"asking {len(part.targets)} clients since then: {group}")
        about["asked"][group] = len(part.targets)
        if len(part.targets) >= ENOUGH:
            quality = about["quality"][group] = compare_blends(model, trend, part, items, weights, progress)
            if group in GROUPS:
                about["shares"][group] = max(
                    SHARES, key=lambda share: quality[name_blend(share)][f"ndcg@{evaluation.K}"]
                )
    return about


def compute_promised_ndcg(artefact: Artefact) -> float:
    """Compute the NDCG@10 of the blend with the model at its best share, over all clients of its measurement."""
    counts, quality = artefact.metrics.get("asked", {}), artefact.metrics.get("quality", {})
    shares = artefact.metrics.get("shares", {})
    gains = [
        counts[group] * quality[group][name_blend(share)][f"ndcg@{evaluation.K}"] for group, share in shares.items()
    ]
    return float(sum(gains) / max(sum(counts[group] for group in shares), 1))


def name_blend(share: float) -> str:
    """Name the blend with this share of the model, as comparisons list it."""
    return f"blend, model {share:.0%}"


def compare_blends(
    model: Ranker,
    trend: Trend,
    split: TimeSplit,
    items: Catalogue,
    weights: BlendWeights,
    progress: Progress = lambda _: None,
) -> dict[str, dict[str, float]]:
    """Compare popularity, content, the model, and match and trend blended at each share."""
    content, asked = Content(items), count(1)

    def scores(client: ClientSignals, candidates: Ints, now: float) -> dict[str, Floats]:
        if (done := next(asked)) % TOLD_EVERY == 0:
            progress(f"asked {done:,} of {len(split.targets):,} clients")
        trending, matching = trend.scores(client, candidates), content.scores(client, candidates, now)
        modelled = model.scores(client, candidates, now)
        all_ = {"popularity lately": trend.everybody[candidates], "the same by cohort": trending, "content": matching}
        all_ |= {model.name: modelled} if model.name not in all_ else {}
        for share in SHARES:
            match = mix_scores(modelled, matching, share)
            all_[name_blend(share)] = np.asarray(weights.match * match + weights.trend * trending)
        return all_

    return evaluation.evaluate_quality(scores, split, items)


def _require_enough(items: Catalogue, interaction_log: WeightedInteractions) -> None:
    if len(items) < 2:
        raise BadInput("nothing to rank: import a catalogue first (selvedge import catalogue FILE)")
    index = items.align_ids(interaction_log.items)[interaction_log.item]
    if not ((index >= 0) & (interaction_log.weight > 0)).any():
        raise BadInput("nothing to learn from: no event names an item of the catalogue (selvedge import events FILE)")
