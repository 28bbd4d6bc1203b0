"""Try models of fit: predict the feedback since the cut from the feedback before; by the Brier score."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from algorithms.fit.model import FitModel
from algorithms.fit.rows import Feedback
from domain.arrays import Floats, Ints
from services.context import ServiceContext
from services.fixes.fit import build_feedback
from services.training.trials import ChampionTrial, has_seen_later
from store.database import read_transaction
from store.fixes.fit_reports import LATEST, list_fit_reports
from store.learning.artefacts import Artefact


def try_fit(
    context: ServiceContext, cut: datetime, until: datetime, _challenger: Artefact, champion: Artefact | None
) -> ChampionTrial:
    """Score each client with feedback since the cut: the mean over their garments of `1 - |chances - outcome|^2 / 2`.

    Without a champion, the one to beat is the model that Fixes fit by themselves, to the latest feedback alone.
    """
    with read_transaction(context.engine) as connection:
        answers = list_fit_reports(connection, most=None, until=until)
    past = [answer for answer in answers if answer.at <= cut.timestamp()]
    later = [answer for answer in answers if answer.at > cut.timestamp()]
    if not later:
        return ChampionTrial("brier", np.zeros(0), np.zeros(0))
    feedback, tried = build_feedback(later), FitModel.train(build_feedback(past))
    if champion is None:
        served = FitModel.train(build_feedback(past[-LATEST:]))
    else:
        served = tried if has_seen_later(champion, cut) else FitModel.load(Path(context.settings.home) / champion.path)
    _, client = np.unique(np.array([row.client_id for row in later], dtype=object), return_inverse=True)
    return ChampionTrial("brier", _score_by_client(served, feedback, client), _score_by_client(tried, feedback, client))


def _score_by_client(model: FitModel, feedback: Feedback, client: Ints) -> Floats:
    missed = model.predict_rows(feedback.rows) - np.eye(3)[feedback.fit]
    score = 1 - (missed**2).sum(axis=1) / 2
    return np.asarray(np.bincount(client, score) / np.bincount(client))
