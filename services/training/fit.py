"""Train the model of fit from the store: measure on the latest feedback, fit to all of it, then let it serve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.fit.comparison import compare_models
from algorithms.fit.model import FitModel
from algorithms.fit.rows import Feedback
from domain.histories import normalise_word
from domain.shared_words import FEWEST, select_shared
from errors import BadInput
from services.fixes.fit import SLOT, build_feedback
from services.training import artefacts as keeping
from settings import Settings
from store.database import read_transaction
from store.fixes.fit_reports import FitReport, list_fit_reports
from store.learning import artefacts
from store.learning.artefacts import Artefact

ALGORITHM: Final = "fit"
CODE: Final = "2"
"""Raise with every change of how the model is fitted or used."""
HELD_OUT: Final = 0.2
ENOUGH: Final = 100
"""Held-out rows; with fewer a measure says nothing."""

Progress = Callable[[str], None]


def train_fit(
    engine: Engine, settings: Settings, now: datetime, progress: Progress = lambda _: None, *, live: bool = True
) -> Artefact:
    """Train on all feedback on fit up to business `now`; where it is to be `live`, it serves. The same feedback gives
    the same model.

    Raises BadInput when there is no feedback on fit.
    """
    progress("reading feedback")
    with read_transaction(engine) as connection:
        rows = list_fit_reports(connection, most=None, until=now)
    rows = _leave_out_own_sizes(rows)
    if not rows:
        raise BadInput(
            f"nothing to learn from: no fix_feedback says how anything fits, in a size that {FEWEST} clients named"
        )
    feedback = build_feedback(rows)
    progress("measuring on the latest of it")
    metrics = measure_fit(feedback)
    progress(f"learning from {len(feedback)} rows")
    model, id_ = FitModel.train(feedback), keeping.build_artefact_id(SLOT)
    artefact = Artefact(
        id=id_,
        slot=SLOT,
        algorithm=ALGORITHM,
        path=artefacts.build_path(id_),
        window_from=datetime.fromtimestamp(rows[0].at, UTC),
        window_until=datetime.fromtimestamp(rows[-1].at, UTC),
        metrics=metrics | {"code": CODE, "feedback": len(feedback)},
        created_at=now,
        live=live,
    )
    keeping.save_artefact(engine, Path(settings.home), artefact, model.save)
    return artefact


def _leave_out_own_sizes(rows: list[FitReport]) -> list[FitReport]:
    """Leave out sizes that few named: they may be a client's own words, and say little of others."""
    shared = select_shared((row.client_id, row.size) for row in rows)
    return [row for row in rows if normalise_word(row.size) in shared]


def measure_fit(feedback: Feedback) -> dict[str, Any]:
    """Measure a model fitted until a day on the last fifth, beside the item's share of misfits; empty where that is too
    little."""
    if feedback.day is None or not len(feedback):
        return {}
    cut = int(np.quantile(feedback.day, 1 - HELD_OUT))
    past, later = feedback.select(feedback.day <= cut), feedback.select(feedback.day > cut)
    if len(later) < ENOUGH:
        return {}
    return {"cut": str(np.datetime64(cut, "D")), "held_out": len(later)} | compare_models(past, later)
