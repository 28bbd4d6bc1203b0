"""A baseline of the fit model: gradient-boosted trees (scikit-learn).

The trees read target encodings, counts and raw columns. Encodings of the training rows are made out of fold: with a
row's own verdict in them, trees would overfit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from algorithms.fit import sides
from algorithms.fit.comparison import shrink_share
from algorithms.fit.names import Names, RowIndices
from algorithms.fit.rows import FITS, LARGE, SMALL, Feedback, Rows
from algorithms.fit.sides import NumberColumn, Side, WordColumn
from algorithms.fit.wear import look_up
from domain.arrays import Floats, Ints
from domain.sizes import parse_size

FOLDS: Final = 5
TREES: Final = {
    "max_iter": 200,
    "learning_rate": 0.05,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 100,
    "early_stopping": False,
}
"""The best of four settings on rentals (docs/fit.md)."""
ENCODINGS: Final = ("item", "item_size", "client", "category", "category_size")


def predict_by_boosting(feedback: Feedback, rows: Rows, seed: int) -> Floats:
    """Predict the chances (n, 3) of `rows` by trees trained on `feedback`."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  (slow to import)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    chances = np.zeros((len(rows), len(FITS)))
    if len(outcomes := np.unique(feedback.fit)) == 1:  # the library needs two classes
        chances[:, outcomes] = 1.0
        return chances
    names = Names.build(feedback.rows)
    columns = [side for name, column in feedback.rows.further.items() if (side := sides.build_side(name, column))]
    categorical = [index for index, side in enumerate(columns) if isinstance(side, WordColumn)]
    training, features = (
        np.column_stack(
            [
                *_list_raw_columns(columns, part),
                *_encode_targets(feedback, names, part, own, seed),
                *_count_rows(feedback, names, part, own),
            ]
        )
        for part, own in ((feedback.rows, True), (rows, False))
    )
    unknown = np.isnan(training).all(axis=0)  # the library takes no column that is empty
    training[:, unknown] = features[:, unknown] = 0.0
    model = HistGradientBoostingClassifier(categorical_features=categorical, random_state=seed, **TREES)
    with threadpool_limits(1):  # its threads wait for each other: on a busy machine one alone is the fastest
        model.fit(training, feedback.fit)
        chances[:, model.classes_] = model.predict_proba(features)
    return chances


def _list_raw_columns(columns: list[Side], rows: Rows) -> Iterator[Floats]:
    for side in columns:
        column = rows.further[side.name]
        yield side.values(column) if isinstance(side, NumberColumn) else _mark_missing(side.encode(column).column[:, 0])
    order = [(parse_size(value) or ("", np.nan))[1] for value in rows.size.values]
    yield rows.size.expand(np.array(order, np.float64), np.nan)


def _mark_missing(indices: Ints) -> Floats:
    return np.where(indices < 0, np.nan, indices).astype(np.float64)


def _encode_targets(feedback: Feedback, names: Names, rows: Rows, own: bool, seed: int) -> Iterator[Floats]:
    """Encode rows as shares of small and of large by each of ENCODINGS; training rows (`own`) out of fold."""
    from_, to = names.find_indices(feedback.rows), names.find_indices(rows)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(feedback))
    for name in ENCODINGS:
        for outcome in (SMALL, LARGE):
            came = (feedback.fit == outcome).astype(np.float64)
            mean, known, wanted = float(came.mean()), _select_indices(from_, name), _select_indices(to, name)
            if not own:
                yield shrink_share(came, known, wanted, mean)
                continue
            column = np.empty(len(came))
            for number in range(FOLDS):
                held_out = fold == number
                column[held_out] = shrink_share(came[~held_out], known[~held_out], known[held_out], mean)
            yield column


def _count_rows(feedback: Feedback, names: Names, rows: Rows, own: bool) -> Iterator[Floats]:
    """Count how often the item and the client are in the feedback, without the row itself."""
    from_, to = names.find_indices(feedback.rows), names.find_indices(rows)
    for name in ("item", "client"):
        known, wanted = _select_indices(from_, name), _select_indices(to, name)
        yield look_up(np.bincount(known).astype(np.float64), wanted) - own


def _select_indices(indices: RowIndices, name: str) -> Ints:
    selected: Ints = getattr(indices, name)
    return selected
