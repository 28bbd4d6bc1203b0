"""Predict whether a unit fits a client, by the trained model that serves (`selvedge train fit`); before the first one,
by a model fitted here to the latest feedback. Either is kept in memory for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Engine

from algorithms.fit.model import FitModel
from algorithms.fit.rows import FITS, Feedback, Rows
from domain.engagement import DAY
from domain.fixes.candidates import Fits, StockUnit
from models.base import ClientId
from store.database import read_transaction
from store.fixes.fit_reports import FitReport, list_fit_reports
from store.learning import artefacts

SLOT: Final = "fit"
CHECK_EVERY_S: Final = 300.0
"""Real seconds for which a model serves before the store is checked again."""
REFIT_GROWTH: Final = 1.05
"""The model is fitted anew once there is this many times as much feedback."""

log = logging.getLogger(__name__)


class FitPredictor:
    """The model of fit of one process, safe to use from many threads. While one fits, the others use the model
    before."""

    def __init__(self, engine: Engine, home: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._home, self._monotonic = engine, home, monotonic
        self._model, self._rows, self._checked_at = FitModel.prior(), 0, float("-inf")
        self._artefact = ""
        self._lock = threading.Lock()

    def build_for_client(self, client_id: ClientId) -> Fits:
        """Return the function that predicts, for one client, the chance that each unit fits, given the category of
        each."""
        self._refresh()
        model = self._model

        def fits(units: Sequence[StockUnit], categories: Sequence[str]) -> list[float]:
            items = [unit.item_id for unit in units], [unit.size for unit in units]
            chances: list[float] = model.predict([client_id] * len(units), *items, categories)[:, 1].tolist()
            return chances

        return fits

    def _refresh(self) -> None:
        if self._monotonic() - self._checked_at < CHECK_EVERY_S or not self._lock.acquire(blocking=False):
            return
        try:
            if not self._load_trained():
                self._fit_from_feedback()
            self._checked_at = self._monotonic()
        finally:
            self._lock.release()

    def _load_trained(self) -> bool:
        """Load the trained model that serves; False where there is none, or where it cannot be read."""
        with read_transaction(self._engine) as connection:
            serving = artefacts.find_live(connection, SLOT)
        if serving is None:
            return False
        if serving.id != self._artefact:
            try:
                self._model = FitModel.load(self._home / serving.path)
            except OSError as broken:
                log.error("artefact %s cannot be read (%s); feedback serves", serving.id, type(broken).__name__)
                return False
            self._artefact, self._rows = serving.id, 0
        return True

    def _fit_from_feedback(self) -> None:
        with read_transaction(self._engine) as connection:
            rows = list_fit_reports(connection)
        if len(rows) > REFIT_GROWTH * self._rows:
            self._model, self._rows, self._artefact = FitModel.train(build_feedback(rows)), len(rows), ""


def build_feedback(answers: Sequence[FitReport]) -> Feedback:
    """Build the rows that the model is fitted to."""
    rows = Rows.of(
        [answer.client_id for answer in answers],
        [answer.item_id for answer in answers],
        [answer.size for answer in answers],
        [answer.category for answer in answers],
    )
    fit = np.array([FITS.index(answer.fit) for answer in answers], np.int64)
    return Feedback(rows, fit, np.array([answer.at // DAY for answer in answers], np.int64))
