"""Whether a unit fits a client: the model of sizes, learnt from what clients said, kept in memory for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from sqlalchemy import Engine

from algorithms.fit.rows import Feedback, Rows
from algorithms.fit.serving import FitModel
from domain.fix_rules import Fits, Unit
from models.base import ClientId
from store.database import reading
from store.fittings import Fitting, heard

FRESH_S: Final = 300.0
"""Real seconds for which a model serves before feedback is counted again."""
GROWN: Final = 1.05
"""Only with so many times as much feedback is it learnt anew."""
CODES: Final = {"small": 0, "fit": 1, "large": 2}


class FittingRoom:
    """One for a process; safe to ask from many threads. While one learns, the others go on with the model before."""

    def __init__(self, engine: Engine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._monotonic = engine, monotonic
        self._model, self._words, self._looked = FitModel.prior(), 0, float("-inf")
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
            with reading(self._engine) as connection:
                words = heard(connection)
            if len(words) > GROWN * self._words:
                self._model, self._words = FitModel.learnt(_feedback(words)), len(words)
            self._looked = self._monotonic()
        finally:
            self._learning.release()


def _feedback(words: Sequence[Fitting]) -> Feedback:
    rows = Rows.of(
        [each.client_id for each in words],
        [each.item_id for each in words],
        [each.size for each in words],
        [each.category for each in words],
    )
    return Feedback(rows, np.array([CODES[each.fit] for each in words], np.int64))
