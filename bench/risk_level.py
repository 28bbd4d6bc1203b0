"""The choices inside the risk model: forecasts inside the pasts of public sets, none of which sees a test.

`python -m bench.risk_level --data FOLDER` prints, for each weight of what windows say and to move the mean chance,
calibration error above what luck leaves (chances that are exactly right), AUC and log-likelihood, by family of
forecasts. Decision 15 rests on it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from algorithms.risk import order_totals
from algorithms.risk.bgnbd import LEAST
from algorithms.risk.cadence import USUAL_LEVEL
from algorithms.risk.calibration import auc, calibration_error, shift_to_mean
from algorithms.risk.features import compute_usual_gap
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.window_ridge import fit_all_windows, fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot
from bench.risk import SETS, day

Floats = NDArray[np.float64]

YOUNG: Final = {
    "cdnow": ((100, (45, 90, 140)), (130, (45, 90, 140)), (160, (45, 90)), (190, (45,))),
    "retail": ((45, (45, 75)), (60, (30, 45, 60)), (75, (30, 45)), (90, (30,))),
}
"""Days of past, and the horizons that end by the set's cut."""
LATE: Final = (15, 30, 45)
"""Days after its first order at which Online Retail is taken to open."""
CUTS: Final = ("2013-06-30", "2014-01-01", "2014-06-30", "2015-01-01", "2015-06-30", "2016-01-01", "2016-06-30")
OPENED: Final = ("2013-01-01", "2013-07-01", "2014-01-01", "2014-07-01", "2015-01-01", "2015-07-01")


class ForecastCase(NamedTuple):
    """One forecast whose outcome lies inside the past of its set."""

    family: str
    now: ClientSnapshot
    known: list[TrainingWindow]
    came: NDArray[np.bool_]


def build_cases(folder: Path) -> Iterator[ForecastCase]:
    """Build all forecasts with enough to learn from."""
    for name, family, orders, at, horizon in _list_cuts(folder):
        past = orders.until(at)
        now = take_snapshot(past, at, horizon)
        if (known := build_windows(past, at, now)) and at + horizon <= day(SETS[name].cut):
            yield ForecastCase(family, now, known, count_after(orders, past.ids, at, horizon) > 0)


def _list_cuts(folder: Path) -> Iterator[tuple[str, str, Orders, int, int]]:
    for name, (file, cut, read) in SETS.items():
        orders = read(folder / file).until(day(cut))
        first = int(orders.day.min())
        for age, horizons in YOUNG.get(name, ()):
            yield from ((name, name, orders, first + age, horizon) for horizon in horizons)
        if name == "cdnow":
            late = _open_later(orders, first + 60)
            yield from ((name, "CDNOW, late", late, first + 60 + age, days) for age in (60, 100) for days in (45, 90))
        if name == "retail":
            for at in LATE:
                late = _open_later(orders, first + at)
                for age in (40, 50, 60, 70):
                    yield from ((name, "Online Retail, late", late, first + at + age, days) for days in (30, 45, 60))
        if name == "rentals":
            yield from ((name, name, orders, day(at), days) for at in CUTS for days in (91, 181))
            for start in OPENED:
                late = _open_later(orders, day(start))
                pairs = ((120, 90), (120, 180), (240, 90), (240, 180))
                yield from ((name, "RentTheRunway, late", late, day(start) + age, days) for age, days in pairs)


def _open_later(orders: Orders, at: int) -> Orders:
    """Return the same shop as if it had opened at `at`."""
    seen = orders.day >= at
    present, client = np.unique(orders.client[seen], return_inverse=True)
    value = None if orders.value is None else orders.value[seen]
    return Orders(tuple(orders.ids[i] for i in present.tolist()), client.astype(np.int64), orders.day[seen], value)


def luck(chance: Floats) -> float:
    """Compute the calibration error that exactly right chances show on average (bins taken to be normal)."""
    parts = np.array_split(np.sort(chance), 10)
    return float(sum(np.sqrt(2 / np.pi * (part * (1 - part)).sum()) for part in parts) / len(chance))


class LevelFigures(NamedTuple):
    """Of one forecast: calibration error above luck, AUC above BG/NBD's, and log-likelihood a client above BG/NBD's
    own at the same level; in thousandths."""

    error: float
    auc: float
    likelihood: float


def measure_level(case: ForecastCase, log_odds: Floats, level: float = USUAL_LEVEL) -> LevelFigures:
    """Measure chances of these log odds, once their mean is BG/NBD's, moved by `level`."""
    base = case.now.chance
    mean = float(expit(logit(base.mean()) + level))
    chance, plain = (shift_to_mean(odds, mean) for odds in (log_odds, logit(np.clip(base, LEAST, 1 - LEAST))))
    error = calibration_error(case.came, chance) - luck(chance)
    gain = auc(case.came, log_odds) - max(auc(case.came, base), auc(case.came, case.now.count))
    return LevelFigures(
        *(1e3 * figure for figure in (error, gain, _likelihood(case, chance) - _likelihood(case, plain)))
    )


def _likelihood(case: ForecastCase, chance: Floats) -> float:
    return float(np.log(np.clip(np.where(case.came, chance, 1 - chance), LEAST, 1)).mean())


def _print_row(name: str, cases: list[ForecastCase], figures: list[LevelFigures]) -> None:
    """Print the mean over families, then each family, of every figure."""
    families = dict.fromkeys(case.family for case in cases)
    rows = np.array(figures)
    means = np.array([rows[[case.family == family for case in cases]].mean(axis=0) for family in families])
    columns = (f"{column.mean():6.1f} [{' '.join(f'{value:5.1f}' for value in column)}]" for column in means.T)
    print(f"  {name:<28}", " | ".join(columns), flush=True)


def print_figures(folder: Path) -> None:
    """Print the table."""
    cases = list(build_cases(folder))
    print(f"{len(cases)} forecasts of {list(dict.fromkeys(case.family for case in cases))}: in thousandths,")
    print("  calibration error above luck | AUC above BG/NBD's | log-likelihood a client above BG/NBD's")
    _print_row(
        "BG/NBD", cases, [measure_level(case, logit(np.clip(case.now.chance, LEAST, 1 - LEAST))) for case in cases]
    )
    _print_row("both forms", cases, [measure_level(case, case.now.log_odds) for case in cases])
    for name, about in (("all orders", select_all_features), ("stored totals", select_served_features)):
        features = [[about(window.snapshot) for window in case.known] for case in cases]
        here = [about(case.now) for case in cases]
        inputs = list(zip(cases, features, here, strict=True))
        moves = [fit_all_windows(case.known, rows).predict_moves(at) for case, rows, at in inputs]
        for share in (0.5, 2 / 3, 1.0):
            pairs = zip(cases, moves, strict=True)
            _print_row(
                f"{name}, {share:.2f} weight", cases, [measure_level(c, c.now.log_odds + share * m) for c, m in pairs]
            )
        serves = [fit_windows(case.known, rows).predict_moves(at) for case, rows, at in inputs]
        for level in (USUAL_LEVEL, 0.0, 0.05, 0.1, 0.2, 0.3):
            pairs = zip(cases, serves, strict=True)
            _print_row(f"{name}, level {level}", cases, [measure_level(c, c.now.log_odds + m, level) for c, m in pairs])


def select_all_features(at: ClientSnapshot) -> Floats:
    """Return the features that the forecast on files reads."""
    return at.features


def select_served_features(at: ClientSnapshot) -> Floats:
    """Build the features that the model that serves reads."""
    usual_gap = compute_usual_gap(at.clients, at.horizon)
    return order_totals.build_total_features(at.clients, at.value, at.horizon, at.log_odds, usual_gap)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.risk_level", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    print_figures(parser.parse_args().data)
