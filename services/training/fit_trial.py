"""Models of fit tried: what clients said since the cut, foretold from what was said before; by the Brier score."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from algorithms.fit.rows import Feedback
from algorithms.fit.serving import FitModel
from domain.arrays import Floats, Ints
from services.context import ServiceContext
from services.fixes.fit import feedback_of
from services.training.trials import Trial, has_seen
from store.database import read_transaction
from store.fixes.fittings import LATEST, heard
from store.learning.artefacts import Artefact


def try_fit(
    context: ServiceContext, cut: datetime, until: datetime, _challenger: Artefact, champion: Artefact | None
) -> Trial:
    """Of each client who said something since the cut, the mean over their garments of `1 - |chances - outcome|^2 / 2`.

    Without a champion, what is beaten is the model that Fixes learn by themselves, from the latest words alone.
    """
    with read_transaction(context.engine) as connection:
        words = heard(connection, most=None, until=until)
    past = [word for word in words if word.at <= cut.timestamp()]
    later = [word for word in words if word.at > cut.timestamp()]
    if not later:
        return Trial("brier", np.zeros(0), np.zeros(0))
    said, tried = feedback_of(later), FitModel.learnt(feedback_of(past))
    if champion is None:
        served = FitModel.learnt(feedback_of(past[-LATEST:]))
    else:
        served = tried if has_seen(champion, cut) else FitModel.load(Path(context.settings.home) / champion.path)
    _, who = np.unique(np.array([each.client_id for each in later], dtype=object), return_inverse=True)
    return Trial("brier", _by_client(served, said, who), _by_client(tried, said, who))


def _by_client(model: FitModel, said: Feedback, who: Ints) -> Floats:
    missed = model.chances(said.rows) - np.eye(3)[said.fit]
    score = 1 - (missed**2).sum(axis=1) / 2
    return np.asarray(np.bincount(who, score) / np.bincount(who))
