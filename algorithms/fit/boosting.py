"""What fit is measured against: gradient-boosted trees (scikit-learn) on target encodings, counts and raw columns.

Encodings of the rows learnt from are made out of fold: with a row's own verdict in them, trees learn by heart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from algorithms.fit import sides
from algorithms.fit.names import Names, Places
from algorithms.fit.rows import FIT, FITS, LARGE, SMALL, Feedback, Rows
from algorithms.fit.sides import Numbers, Side, Words
from algorithms.fit.wear import known_of
from domain.arrays import Floats, Ints
from domain.sizes import ordered

FOLDS: Final = 5
PRIOR: Final = 20.0
"""Rows that the share of all counts as in the share of one item, client or pair."""
TREES: Final = {
    "max_iter": 200,
    "learning_rate": 0.05,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 100,
    "early_stopping": False,
}
"""As measured best of four settings on rentals (docs/fit.md)."""
ENCODED: Final = ("item", "item_size", "client", "category", "category_size")


def boosted(feedback: Feedback, rows: Rows, seed: int) -> Floats:
    """(n, 3): the chances of `rows`, learnt from `feedback`."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  (slow to import)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    chances = np.zeros((len(rows), len(FITS)))
    if len(said := np.unique(feedback.fit)) == 1:  # the library needs two answers to tell apart
        chances[:, said] = 1.0
        return chances
    names = Names.learnt(feedback.rows)
    found = [side for name, column in feedback.rows.further.items() if (side := sides.learnt(name, column))]
    words = [place for place, side in enumerate(found) if isinstance(side, Words)]
    learnt, asked = (
        np.column_stack(
            [*_raw(found, each), *_encoded(feedback, names, each, own, seed), *_counted(feedback, names, each, own)]
        )
        for each, own in ((feedback.rows, True), (rows, False))
    )
    unknown = np.isnan(learnt).all(axis=0)  # the library takes no column that is empty
    learnt[:, unknown] = asked[:, unknown] = 0.0
    model = HistGradientBoostingClassifier(categorical_features=words, random_state=seed, **TREES)
    with threadpool_limits(1):  # its threads wait for each other: on a busy machine one alone is the fastest
        model.fit(learnt, feedback.fit)
        chances[:, model.classes_] = model.predict_proba(asked)
    return chances


def item_rates(feedback: Feedback, rows: Rows) -> Floats:
    """(n, 3): the share of misfits of each item, shrunk to that of all; as small and large as they are in all."""
    names = Names.learnt(feedback.rows)
    wrong = (feedback.fit != FIT).astype(np.float64)
    places, mean = names.places(feedback.rows).item, float(wrong.mean())
    share = _share(wrong, places, names.places(rows).item, mean)
    small = float((feedback.fit == SMALL).sum()) / max(float(wrong.sum()), 1.0)
    return np.stack([share * small, 1 - share, share * (1 - small)], axis=1)


def _raw(found: list[Side], rows: Rows) -> Iterator[Floats]:
    for side in found:
        column = rows.further[side.name]
        yield side.values(column) if isinstance(side, Numbers) else _missing(side.cells(column).column[:, 0])
    order = [(ordered(value) or ("", np.nan))[1] for value in rows.size.values]
    yield rows.size.spread(np.array(order, np.float64), np.nan)


def _missing(places: Ints) -> Floats:
    return np.where(places < 0, np.nan, places).astype(np.float64)


def _encoded(feedback: Feedback, names: Names, rows: Rows, own: bool, seed: int) -> Iterator[Floats]:
    """The shares of small and of large by each of ENCODED; of the rows learnt from, out of fold."""
    from_, to = names.places(feedback.rows), names.places(rows)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(feedback))
    for name in ENCODED:
        for said in (SMALL, LARGE):
            came = (feedback.fit == said).astype(np.float64)
            mean, known, asked = float(came.mean()), _of(from_, name), _of(to, name)
            if not own:
                yield _share(came, known, asked, mean)
                continue
            column = np.empty(len(came))
            for each in range(FOLDS):
                mine = fold == each
                column[mine] = _share(came[~mine], known[~mine], known[mine], mean)
            yield column


def _counted(feedback: Feedback, names: Names, rows: Rows, own: bool) -> Iterator[Floats]:
    """How often the item and the client are in the feedback, the row itself apart."""
    from_, to = names.places(feedback.rows), names.places(rows)
    for name in ("item", "client"):
        known, asked = _of(from_, name), _of(to, name)
        yield known_of(np.bincount(known).astype(np.float64), asked) - own


def _of(places: Places, name: str) -> Ints:
    found: Ints = getattr(places, name)
    return found


def _share(came: Floats, known: Ints, asked: Ints, mean: float) -> Floats:
    """The share of `came` at each place asked for, shrunk to the mean; places of -1 have the mean."""
    some = known >= 0
    size = int(max(known.max(initial=-1), asked.max(initial=-1))) + 1
    total, count = np.bincount(known[some], came[some], size), np.bincount(known[some], minlength=size)
    return known_of((total + PRIOR * mean) / (count + PRIOR) - mean, asked) + mean
