"""The model that serves: three chances for every garment, of anybody, in any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.fit import ridge, state
from algorithms.fit.design import BLOCKS, Design
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
"""Standard deviations of spread and lean by block, as found on rentals (docs/fit.md); a young shop keeps them."""


@dataclass(frozen=True, slots=True)
class FitModel:
    """`weights` (columns of the design, 2): of spread and lean."""

    design: Design
    weights: Floats

    @classmethod
    def learnt(cls, feedback: Feedback) -> FitModel:
        """From what clients said; of nothing at all it is the prior. The same feedback gives the same model."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(1, "blas"):  # on vectors this short, threads wait for each other more than they do
            design = Design.learnt(feedback.rows)
            block = np.repeat(np.arange(len(BLOCKS)), design.widths)
            return cls(design, ridge.learnt(design.cells(feedback.rows, own=True), feedback.fit, block, START))

    @classmethod
    def prior(cls) -> FitModel:
        """For a shop with no feedback: 74 % of everything fits."""
        return cls.learnt(Feedback(Rows.of([], [], [], []), np.zeros(0, np.int64)))

    def chances(self, rows: Rows) -> Floats:
        """(n, 3): small, fit, large; each row sums to 1."""
        return ridge.chances(self.weights, self.design.cells(rows))

    def probabilities(
        self, clients: Sequence[str], items: Sequence[str], sizes: Sequence[str], categories: Sequence[str | None]
    ) -> Floats:
        """The same for n names each; unknown ones are answered by what is usual of the rest."""
        return self.chances(Rows.of(clients, items, sizes, categories))

    def save(self, folder: Path) -> None:
        """A folder of arrays and one JSON file."""
        state.save(folder, self.design, self.weights)

    @classmethod
    def load(cls, folder: Path) -> FitModel:
        """Arrays stay on disk until they are asked for. Raises OSError for what is no model."""
        try:
            model = cls(*state.load(folder))
            sound = (
                np.isfinite(model.probabilities([""], [""], [""], [None])).all() and np.isfinite(model.weights).all()
            )
        except Exception as broken:  # each of another kind: an empty file, a shorter array, an older form
            raise OSError(f"the model is broken: {broken or type(broken).__name__}") from broken
        if not sound:
            raise OSError("the model is broken: it holds what is no number")
        return model
