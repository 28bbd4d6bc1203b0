"""Training the model of fit from the store: measured on the latest feedback, learnt from all of it, then it serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.fit import evaluation
from algorithms.fit.rows import Feedback
from algorithms.fit.serving import FitModel
from errors import BadInput
from services.fixes.fit import SLOT, feedback_of
from services.training import artefacts as keeping
from settings import Settings
from store.database import read_transaction
from store.fixes.fittings import heard
from store.learning import artefacts
from store.learning.artefacts import Artefact

ALGORITHM: Final = "fit"
CODE: Final = "1"
"""Raise with every change of what is learnt or how it is asked."""
HELD_OUT: Final = 0.2
ENOUGH: Final = 100
"""Rows held out; of fewer a measure says nothing."""

Progress = Callable[[str], None]


def train_fit(
    engine: Engine, settings: Settings, now: datetime, progress: Progress = lambda _: None, *, live: bool = True
) -> Artefact:
    """Learn from all feedback on fit up to business `now`; where it is to be `live`, it serves. The same feedback gives
    the same model.

    Raises BadInput when nobody has said how anything fits.
    """
    progress("reading feedback")
    with read_transaction(engine) as connection:
        words = heard(connection, most=None, until=now)
    if not words:
        raise BadInput("nothing to learn from: no fix_feedback says how anything of a known size fits")
    said = feedback_of(words)
    progress("measuring on the latest of it")
    metrics = measured(said)
    progress(f"learning from {len(said)} rows")
    model, id_ = FitModel.learnt(said), keeping.new_id(SLOT)
    made = Artefact(
        id=id_,
        slot=SLOT,
        algorithm=ALGORITHM,
        path=artefacts.path_of(id_),
        window_from=datetime.fromtimestamp(words[0].at, UTC),
        window_until=datetime.fromtimestamp(words[-1].at, UTC),
        metrics=metrics | {"code": CODE, "feedback": len(said)},
        created_at=now,
        live=live,
    )
    keeping.keep(engine, Path(settings.home), made, model.save)
    return made


def measured(said: Feedback) -> dict[str, Any]:
    """The model learnt until a day, asked about the last fifth, beside the item's share of misfits; empty where that
    is too little."""
    if said.day is None or not len(said):
        return {}
    cut = int(np.quantile(said.day, 1 - HELD_OUT))
    past, later = said.part(said.day <= cut), said.part(said.day > cut)
    if len(later) < ENOUGH:
        return {}
    return {"cut": str(np.datetime64(cut, "D")), "held_out": len(later)} | evaluation.compared(past, later)
