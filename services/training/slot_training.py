"""The slots that a Refresh trains, one row each. To train a further slot, add a row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from algorithms.blending.catalogue import Catalogue
from algorithms.fit.model import FitModel
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from algorithms.risk.risk_model import RiskModel
from errors import BadInput
from services.assessment import scoring
from services.context import ServiceContext
from services.fixes import fit
from services.recommendations import ranking_state
from services.training.fit import train_fit
from services.training.fit_trial import try_fit
from services.training.ranking import DEFAULT_ALGORITHM, compute_promised_ndcg, train_ranking
from services.training.ranking_trial import try_ranking
from services.training.risk import train_risk
from services.training.risk_trial import try_risk
from services.training.trials import ChampionTrial
from settings import Settings
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SEED: Final = 42

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SlotTraining:
    """How one slot is trained: `train` up to a moment, saved and not live; `evaluate` from the cut to a moment
    (challenger, champion or none), over `count_trial_days`; `load` what was saved, or raise OSError or BadInput."""

    train: Callable[[ServiceContext, datetime], Artefact]
    evaluate: Callable[[ServiceContext, datetime, datetime, Artefact, Artefact | None], ChampionTrial]
    count_trial_days: Callable[[Settings], int]
    load: Callable[[Path, Artefact], object]

    def keep_readable(self, home: Path, live: Artefact | None) -> Artefact | None:
        """Return the serving model; None where its files are broken, for then it does not serve."""
        try:
            if live is not None:
                self.load(home / live.path, live)
        except (BadInput, OSError) as broken:
            log.error("artefact %s cannot be read (%s); it counts as none", live.id if live else "", broken)
            return None
        return live


def _train_ranking(context: ServiceContext, until: datetime) -> Artefact:
    """Train the configured algorithms and return the one whose blend measured best; the first where nothing was
    measured. The others never serve, and are deleted as such."""
    with read_transaction(context.engine) as connection:
        serving = artefacts.find_live(connection, ranking_state.SLOT)
    configured = [name.strip() for name in context.settings.refresh_ranking.split(",") if name.strip()]
    names = configured or [serving.algorithm if serving else DEFAULT_ALGORITHM]
    return max(
        (train_ranking(context.engine, context.settings, name, SEED, until, live=False) for name in names),
        key=compute_promised_ndcg,
    )


def _train_risk(context: ServiceContext, until: datetime) -> Artefact:
    return train_risk(context.engine, context.settings, scoring.HORIZON_DAYS, until, live=False)


def _train_fit(context: ServiceContext, until: datetime) -> Artefact:
    return train_fit(context.engine, context.settings, until, live=False)


SLOT_TRAININGS: Final[dict[str, SlotTraining]] = {
    ranking_state.SLOT: SlotTraining(
        _train_ranking,
        try_ranking,
        lambda settings: settings.refresh_days,
        lambda folder, artefact: CatalogueRanker.load(artefact.algorithm, folder, Catalogue.of((), ())),
    ),
    scoring.RISK_SLOT: SlotTraining(
        _train_risk, try_risk, lambda _: scoring.HORIZON_DAYS, lambda folder, _: RiskModel.load(folder)
    ),
    fit.SLOT: SlotTraining(
        _train_fit, try_fit, lambda settings: settings.refresh_days, lambda folder, _: FitModel.load(folder)
    ),
}
