"""Training from the store: learn from the past and measure on what came after, then learn from everything and serve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.blending import evaluation
from algorithms.blending.blend import mixed
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.contracts import Ranker
from algorithms.blending.evaluation import Split
from algorithms.blending.trend import Trend
from algorithms.ranking.served import Served, code_version
from domain.arrays import Floats, Ints
from domain.blend import BlendWeights
from domain.histories import ClientSignals, Interactions
from errors import BadInput
from services.recommendations.recommender import SLOT
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
"""Clients to ask about; below it a comparison says nothing, and the blend's own shares stand."""
USUAL: Final = "champion"
"""What is trained where nothing else is asked for."""
GROUPS: Final = {"returning": True, "new": False}
"""Clients who had done something by the cut, and those who came after it."""
NEW_ITEMS: Final = "new items"
"""Whoever took up what nobody had touched by the cut, asked about such items alone."""

Progress = Callable[[str], None]


def train(
    engine: Engine,
    settings: Settings,
    algorithm: str,
    seed: int,
    now: datetime,
    progress: Progress = lambda _: None,
    *,
    live: bool = True,
) -> Artefact:
    """Train `algorithm` on all that is stored up to business `now`, keep it; when it is to be `live`, let it serve.

    Raises BadInput when the algorithm is unknown or the store holds nothing to learn from.
    """
    ranker = Served(algorithm)
    progress("reading the store")
    with read_transaction(engine) as connection:
        of = Catalogue.of(catalogue.every_item(connection), ())
        touches = interactions.between(connection, None, now)
        clients = interactions.described(connection)
    _enough(of, touches)
    progress(f"{len(touches)} touches of {len(touches.clients)} clients on {len(of)} items")
    weights = BlendWeights(match=settings.blend_match, trend=settings.blend_trend)
    metrics = measure(algorithm, of, touches, clients, seed, weights, progress)
    progress(f"learning {algorithm} from everything")
    ranker.fit(touches, of, clients, seed)
    id_ = keeping.new_id(algorithm)
    made = Artefact(
        id=id_,
        slot=SLOT,
        algorithm=algorithm,
        path=artefacts.path_of(id_),
        window_from=datetime.fromtimestamp(float(touches.at.min()), UTC),
        window_until=datetime.fromtimestamp(float(touches.at.max()), UTC),
        metrics=metrics | {"code": code_version()},
        seed=seed,
        created_at=now,
        live=live,
    )
    keeping.keep(engine, Path(settings.home), made, ranker.save)
    return made


def measure(
    algorithm: str,
    of: Catalogue,
    touches: Interactions,
    clients: dict[str, ClientSignals],
    seed: int,
    weights: BlendWeights,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """recall@10 and NDCG@10 on a time split, by group and by what is compared; and the model's best share in the user
    match of each group of clients. The blend compared is that of match and trend, which alone hang on the client."""
    held = evaluation.split(touches, of, clients, seed)
    if not held.asked:
        return {}
    cut = datetime.fromtimestamp(held.cut, UTC)
    progress(f"learning {algorithm} from the time before {cut:%Y-%m-%d}")
    model, trend = Served(algorithm), Trend.of(held.past, of, clients)
    model.fit(held.past, of, clients, seed)
    about: dict[str, Any] = {"cut": cut.isoformat(), "asked": {}, "quality": {}, "shares": {}}
    groups = {group: held.those(returning) for group, returning in GROUPS.items()}
    for group, those in (groups | {NEW_ITEMS: held.untouched(of)}).items():
        progress(f"asking {len(those.asked)} clients since then: {group}")
        about["asked"][group] = len(those.asked)
        if len(those.asked) >= ENOUGH:
            found = about["quality"][group] = compared(model, trend, those, of, weights)
            if group in GROUPS:
                about["shares"][group] = max(SHARES, key=lambda share: found[blended(share)][f"ndcg@{evaluation.K}"])
    return about


def promise(made: Artefact) -> float:
    """NDCG@10 of the blend with the model at its best share, over all clients whom its training asked about."""
    asked, quality = made.metrics.get("asked", {}), made.metrics.get("quality", {})
    shares = made.metrics.get("shares", {})
    gains = [asked[group] * quality[group][blended(share)][f"ndcg@{evaluation.K}"] for group, share in shares.items()]
    return float(sum(gains) / max(sum(asked[group] for group in shares), 1))


def blended(share: float) -> str:
    """What the blend with this share of the model is called in a comparison."""
    return f"blend, model {share:.0%}"


def compared(
    model: Ranker, trend: Trend, held: Split, of: Catalogue, weights: BlendWeights
) -> dict[str, dict[str, float]]:
    """The quality of popularity, content, the model, and match and trend blended at each share."""
    content = Content(of)

    def scores(client: ClientSignals, candidates: Ints, now: float) -> dict[str, Floats]:
        liked, said = trend.scores(client, candidates), content.scores(client, candidates, now)
        modelled = model.scores(client, candidates, now)
        all_ = {"popularity lately": trend.everybody[candidates], "the same by cohort": liked, "content": said}
        all_ |= {model.name: modelled} if model.name not in all_ else {}
        for share in SHARES:
            match = mixed(modelled, said, share)
            all_[blended(share)] = np.asarray(weights.match * match + weights.trend * liked)
        return all_

    return evaluation.quality(scores, held, of)


def _enough(of: Catalogue, touches: Interactions) -> None:
    if len(of) < 2:
        raise BadInput("nothing to rank: import a catalogue first (selvedge import catalogue FILE)")
    place = of.aligned(touches.items)[touches.item]
    if not ((place >= 0) & (touches.weight > 0)).any():
        raise BadInput("nothing to learn from: no event names an item of the catalogue (selvedge import events FILE)")
