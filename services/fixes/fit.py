"""Whether a unit fits a client: the model that was trained (`selvedge train fit`) and serves; before the first one, a
model learnt here from the latest feedback. Either is kept in memory for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Engine

from algorithms.fit.rows import FITS, Feedback, Rows
from algorithms.fit.serving import FitModel
from domain.engagement import DAY
from domain.fixes.rules import Fits, Unit
from models.base import ClientId
from store.database import read_transaction
from store.fixes.fittings import Fitting, heard
from store.learning import artefacts

SLOT: Final = "fit"
FRESH_S: Final = 300.0
"""Real seconds for which a model serves before the store is asked again."""
GROWN: Final = 1.05
"""Only with so many times as much feedback is it learnt anew."""

log = logging.getLogger(__name__)


class FittingRoom:
    """One for a process; safe to ask from many threads. While one learns, the others go on with the model before."""

    def __init__(self, engine: Engine, home: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._home, self._monotonic = engine, home, monotonic
        self._model, self._words, self._looked = FitModel.prior(), 0, float("-inf")
        self._artefact = ""
        self._learning = threading.Lock()

    def of(self, client_id: ClientId) -> Fits:
        """For a client, the chance that each unit fits, given the category of each."""
        self._renew()
        model = self._model

        def fits(units: Sequence[Unit], categories: Sequence[str]) -> list[float]:
            named = [unit.item_id for unit in units], [unit.size for unit in units]
            chances: list[float] = model.probabilities([client_id] * len(units), *named, categories)[:, 1].tolist()
            return chances

        return fits

    def _renew(self) -> None:
        if self._monotonic() - self._looked < FRESH_S or not self._learning.acquire(blocking=False):
            return
        try:
            if not self._trained():
                self._learn()
            self._looked = self._monotonic()
        finally:
            self._learning.release()

    def _trained(self) -> bool:
        """Whether a trained model serves; one that cannot be read is as good as none."""
        with read_transaction(self._engine) as connection:
            serving = artefacts.live(connection, SLOT)
        if serving is None:
            return False
        if serving.id != self._artefact:
            try:
                self._model = FitModel.load(self._home / serving.path)
            except OSError as broken:
                log.error("artefact %s cannot be read (%s); feedback serves", serving.id, type(broken).__name__)
                return False
            self._artefact, self._words = serving.id, 0
        return True

    def _learn(self) -> None:
        with read_transaction(self._engine) as connection:
            words = heard(connection)
        if len(words) > GROWN * self._words:
            self._model, self._words, self._artefact = FitModel.learnt(feedback_of(words)), len(words), ""


def feedback_of(words: Sequence[Fitting]) -> Feedback:
    """What the model learns from."""
    rows = Rows.of(
        [word.client_id for word in words],
        [word.item_id for word in words],
        [word.size for word in words],
        [word.category for word in words],
    )
    fit = np.array([FITS.index(word.fit) for word in words], np.int64)
    return Feedback(rows, fit, np.array([word.at // DAY for word in words], np.int64))
