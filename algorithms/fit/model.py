"""The fit model that serves: chances of small, fit and large for any client, item and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.fit import ridge, state
from algorithms.fit.design import BLOCKS, FitDesign
from algorithms.fit.rows import Feedback, Rows
from domain.arrays import Floats

START: Final = np.array(
    [
        (0.5, 0.5),
        (0.06, 0.08),
        (0.3, 0.3),
        (0.4, 0.1),
        (0.14, 0.24),
        (0.23, 0.24),
        (0.39, 0.77),
        (0.39, 0.39),
        (0.44, 0.44),
    ]
)
"""Standard deviations of spread and lean by block, measured on rentals (docs/fit.md); a young shop keeps them."""


@dataclass(frozen=True, slots=True)
class FitModel:
    """The fit model. `weights` (columns of the design, 2): of spread and lean."""

    design: FitDesign
    weights: Floats

    @classmethod
    def train(cls, feedback: Feedback) -> FitModel:
        """Train the model; without feedback it is the prior. The same feedback gives the same model."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(1, "blas"):  # on vectors this short, threads wait for each other more than they do
            design = FitDesign.build(feedback.rows)
            block = np.repeat(np.arange(len(BLOCKS)), design.widths)
            return cls(design, ridge.fit_weights(design.encode(feedback.rows, own=True), feedback.fit, block, START))

    @classmethod
    @cache
    def prior(cls) -> FitModel:
        """Build the model of a shop without feedback, once a process: 74 % of everything fits."""
        return cls.train(Feedback(Rows.of([], [], [], []), np.zeros(0, np.int64)))

    def predict_rows(self, rows: Rows) -> Floats:
        """Predict the chances (n, 3) of small, fit and large; each row sums to 1."""
        return ridge.compute_chances(self.weights, self.design.encode(rows))

    def predict(
        self, clients: Sequence[str], items: Sequence[str], sizes: Sequence[str], categories: Sequence[str | None]
    ) -> Floats:
        """Predict the chances (n, 3) from n names each; an unknown name has no part in them."""
        return self.predict_rows(Rows.of(clients, items, sizes, categories))

    def save(self, folder: Path) -> None:
        """Save the model into a folder, as arrays and one JSON file."""
        state.save(folder, self.design, self.weights)

    @classmethod
    def load(cls, folder: Path) -> FitModel:
        """Load the model from a folder; arrays are mapped, not read. Raises OSError for what is no model."""
        try:
            model = cls(*state.load(folder))
            sound = np.isfinite(model.predict([""], [""], [""], [None])).all() and np.isfinite(model.weights).all()
        except Exception as broken:  # each of another kind: an empty file, a shorter array, an older form
            raise OSError(f"the model is broken: {broken or type(broken).__name__}") from broken
        if not sound:
            raise OSError("the model is broken: it holds what is no number")
        return model
