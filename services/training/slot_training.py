"""What a Refresh renews: one row a slot. To renew a further slot, add a row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from algorithms.blending.catalogue import Catalogue
from algorithms.fit.serving import FitModel
from algorithms.ranking.served import Served
from algorithms.risk.served import RiskModel
from errors import BadInput
from services.assessment import risk
from services.context import ServiceContext
from services.fixes import fit
from services.recommendations import recommender
from services.training.fit import train_fit
from services.training.fit_trial import try_fit
from services.training.ranking import USUAL, promise, train
from services.training.ranking_trial import try_ranking
from services.training.risk import train_risk
from services.training.risk_trial import try_risk
from services.training.trials import Trial
from settings import Settings
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SEED: Final = 42

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Science:
    """`learn` up to a moment, kept and not live; `judge` from the cut to a moment (challenger, champion or none), over
    so many `days`; `opens` what was kept, or raises OSError or BadInput."""

    learn: Callable[[ServiceContext, datetime], Artefact]
    judge: Callable[[ServiceContext, datetime, datetime, Artefact, Artefact | None], Trial]
    days: Callable[[Settings], int]
    opens: Callable[[Path, Artefact], object]

    def serving(self, home: Path, live: Artefact | None) -> Artefact | None:
        """The one that serves; none where its files are broken, for then it does not."""
        try:
            if live is not None:
                self.opens(home / live.path, live)
        except (BadInput, OSError) as broken:
            log.error("artefact %s cannot be read (%s); it counts as none", live.id if live else "", broken)
            return None
        return live


def _ranking(context: ServiceContext, until: datetime) -> Artefact:
    """Of several challengers the one whose blend did best on the time that it was measured on; the first where nothing
    was measured. The others never serve, and are forgotten as such."""
    with read_transaction(context.engine) as connection:
        serving = artefacts.live(connection, recommender.SLOT)
    named = [name.strip() for name in context.settings.refresh_ranking.split(",") if name.strip()]
    names = named or [serving.algorithm if serving else USUAL]
    return max((train(context.engine, context.settings, name, SEED, until, live=False) for name in names), key=promise)


def _risk(context: ServiceContext, until: datetime) -> Artefact:
    return train_risk(context.engine, context.settings, risk.HORIZON_DAYS, until, live=False)


def _fit(context: ServiceContext, until: datetime) -> Artefact:
    return train_fit(context.engine, context.settings, until, live=False)


SCIENCES: Final[dict[str, Science]] = {
    recommender.SLOT: Science(
        _ranking,
        try_ranking,
        lambda settings: settings.refresh_days,
        lambda folder, kept: Served.load(kept.algorithm, folder, Catalogue.of((), ())),
    ),
    risk.SLOT: Science(_risk, try_risk, lambda _: risk.HORIZON_DAYS, lambda folder, _: RiskModel.load(folder)),
    fit.SLOT: Science(_fit, try_fit, lambda settings: settings.refresh_days, lambda folder, _: FitModel.load(folder)),
}
