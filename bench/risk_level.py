"""The choices inside the risk model: forecasts inside the pasts of public sets, none of which sees a test.

`python -m bench.risk_level --data FOLDER` prints, for each way to weigh what windows say and to move the mean chance,
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

from algorithms.risk import kept
from algorithms.risk.bgnbd import LEAST
from algorithms.risk.cadence import USUAL_LEVEL
from algorithms.risk.calibration import auc, calibration_error, moved_to
from algorithms.risk.features import usual_gap
from algorithms.risk.learning import fitted, learnt
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.windows import Standing, Window, standing, windows
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


class Asked(NamedTuple):
    """One forecast whose outcome lies inside the past of its set."""

    family: str
    now: Standing
    known: list[Window]
    came: NDArray[np.bool_]


def asked(folder: Path) -> Iterator[Asked]:
    """All forecasts with enough to learn from."""
    for name, family, orders, at, horizon in _places(folder):
        past = orders.until(at)
        now = standing(past, at, horizon)
        if (known := windows(past, at, now)) and at + horizon <= day(SETS[name].cut):
            yield Asked(family, now, known, count_after(orders, past.ids, at, horizon) > 0)


def _places(folder: Path) -> Iterator[tuple[str, str, Orders, int, int]]:
    for name, (file, cut, read) in SETS.items():
        orders = read(folder / file).until(day(cut))
        first = int(orders.day.min())
        for age, horizons in YOUNG.get(name, ()):
            yield from ((name, name, orders, first + age, horizon) for horizon in horizons)
        if name == "cdnow":
            late = _opened(orders, first + 60)
            yield from ((name, "CDNOW, late", late, first + 60 + age, days) for age in (60, 100) for days in (45, 90))
        if name == "retail":
            for at in LATE:
                late = _opened(orders, first + at)
                for age in (40, 50, 60, 70):
                    yield from ((name, "Online Retail, late", late, first + at + age, days) for days in (30, 45, 60))
        if name == "rentals":
            yield from ((name, name, orders, day(at), days) for at in CUTS for days in (91, 181))
            for start in OPENED:
                late = _opened(orders, day(start))
                pairs = ((120, 90), (120, 180), (240, 90), (240, 180))
                yield from ((name, "RentTheRunway, late", late, day(start) + age, days) for age, days in pairs)


def _opened(orders: Orders, at: int) -> Orders:
    """The same shop, had it opened at `at`."""
    seen = orders.day >= at
    kept, client = np.unique(orders.client[seen], return_inverse=True)
    value = None if orders.value is None else orders.value[seen]
    return Orders(tuple(orders.ids[i] for i in kept.tolist()), client.astype(np.int64), orders.day[seen], value)


def luck(chance: Floats) -> float:
    """The calibration error that exactly right chances show on average (bins taken to be normal)."""
    parts = np.array_split(np.sort(chance), 10)
    return float(sum(np.sqrt(2 / np.pi * (part * (1 - part)).sum()) for part in parts) / len(chance))


class Judged(NamedTuple):
    """Of one forecast: calibration error above luck, AUC above BG/NBD's, and log-likelihood a client above BG/NBD's
    own at the same level; in thousandths."""

    error: float
    auc: float
    likelihood: float


def judged(case: Asked, log_odds: Floats, level: float = USUAL_LEVEL) -> Judged:
    """How chances of these log odds do, once their mean is BG/NBD's, moved by `level`."""
    base = case.now.chance
    mean = float(expit(logit(base.mean()) + level))
    chance, plain = (moved_to(each, mean) for each in (log_odds, logit(np.clip(base, LEAST, 1 - LEAST))))
    error = calibration_error(case.came, chance) - luck(chance)
    gain = auc(case.came, log_odds) - max(auc(case.came, base), auc(case.came, case.now.count))
    return Judged(*(1e3 * each for each in (error, gain, _likelihood(case, chance) - _likelihood(case, plain))))


def _likelihood(case: Asked, chance: Floats) -> float:
    return float(np.log(np.clip(np.where(case.came, chance, 1 - chance), LEAST, 1)).mean())


def _row(name: str, cases: list[Asked], found: list[Judged]) -> None:
    """The mean over families, then each family, of every figure."""
    families = dict.fromkeys(case.family for case in cases)
    rows = np.array(found)
    means = np.array([rows[[case.family == family for case in cases]].mean(axis=0) for family in families])
    told = (f"{column.mean():6.1f} [{' '.join(f'{each:5.1f}' for each in column)}]" for column in means.T)
    print(f"  {name:<28}", " | ".join(told), flush=True)


def told(folder: Path) -> None:
    """Print the table."""
    cases = list(asked(folder))
    print(f"{len(cases)} forecasts of {list(dict.fromkeys(case.family for case in cases))}: in thousandths,")
    print("  calibration error above luck | AUC above BG/NBD's | log-likelihood a client above BG/NBD's")
    _row("BG/NBD", cases, [judged(case, logit(np.clip(case.now.chance, LEAST, 1 - LEAST))) for case in cases])
    _row("both forms", cases, [judged(case, case.now.log_odds) for case in cases])
    for name, about in (("all orders", of_all), ("what is kept", of_kept)):
        features = [[about(window.at) for window in case.known] for case in cases]
        here = [about(case.now) for case in cases]
        moves = [fitted(case.known, rows).moves(at) for case, rows, at in zip(cases, features, here, strict=True)]
        for share in (0.5, 2 / 3, 1.0):
            pairs = zip(cases, moves, strict=True)
            _row(f"{name}, {share:.2f} believed", cases, [judged(c, c.now.log_odds + share * m) for c, m in pairs])
        serves = [learnt(case.known, rows).moves(at) for case, rows, at in zip(cases, features, here, strict=True)]
        for level in (USUAL_LEVEL, 0.0, 0.05, 0.1, 0.2, 0.3):
            pairs = zip(cases, serves, strict=True)
            _row(f"{name}, level {level}", cases, [judged(c, c.now.log_odds + m, level) for c, m in pairs])


def of_all(at: Standing) -> Floats:
    """The features that the forecast on files reads."""
    return at.features


def of_kept(at: Standing) -> Floats:
    """The features that the model that serves reads."""
    return kept.features(at.clients, at.value, at.horizon, at.log_odds, usual_gap(at.clients, at.horizon))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.risk_level", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    told(parser.parse_args().data)
