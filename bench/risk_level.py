"""What foretells the level of the risk model: forecasts inside the pasts of public sets, none of which sees a test.

`python -m bench.risk_level --data FOLDER` prints, for each way to move BG/NBD's mean chance, the calibration error
above what luck leaves (chances that are exactly right), by family of forecasts. Decision 15 rests on it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from algorithms.risk.cadence import moved
from algorithms.risk.calibration import calibration_error, moved_to
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.windows import Standing, Window, standing, windows
from bench.risk import SETS, day

Floats = NDArray[np.float64]

YOUNG: Final = {
    "cdnow": ((100, (45, 90, 140)), (130, (45, 90, 140)), (160, (45, 90)), (190, (45,))),
    "retail": ((45, (45, 75)), (60, (30, 45, 60)), (75, (30, 45)), (90, (30,))),
}
"""Days of past, and the horizons that end by the set's cut."""
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
        if (known := windows(past, at, horizon)) and at + horizon <= day(SETS[name].cut):
            yield Asked(family, standing(past, at, horizon), known, count_after(orders, past.ids, at, horizon) > 0)


def _places(folder: Path) -> Iterator[tuple[str, str, Orders, int, int]]:
    for name, (file, cut, read) in SETS.items():
        orders = read(folder / file).until(day(cut))
        first = int(orders.day.min())
        for age, horizons in YOUNG.get(name, ()):
            yield from ((name, name, orders, first + age, horizon) for horizon in horizons)
        if name == "cdnow":
            late = _opened(orders, first + 60)
            yield from ((name, "CDNOW, late", late, first + 60 + age, days) for age in (60, 100) for days in (45, 90))
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


def by_windows(known: list[Window]) -> float:
    """The move that the windows' own levels ask for, in log odds."""
    found = [logit((window.came > 0).mean()) - logit(window.at.chance.mean()) for window in known]
    return float(np.clip(np.median(found), -0.4, 0.6))


def excess(cases: list[Asked], level: Callable[[Asked], float]) -> dict[str, Any]:
    """Mean calibration error above luck, by family and over the families."""
    found: dict[str, list[float]] = {}
    for case in cases:
        mean = float(expit(logit(case.now.chance.mean()) + level(case)))
        chance = moved_to(moved(case.now, case.known), mean)
        found.setdefault(case.family, []).append(calibration_error(case.came, chance) - luck(chance))
    means = {family: round(float(np.mean(values)), 4) for family, values in found.items()}
    return {"mean": round(float(np.mean(list(means.values()))), 4), **means}


def told(folder: Path) -> None:
    """Print the table."""
    cases = list(asked(folder))
    print(f"{len(cases)} forecasts")
    for trust in (1.0, 0.7, 0.5, 0.3, 0.2, 0.1):
        found = excess(cases, lambda case: trust * by_windows(case.known) + (1 - trust) * 0.15)  # noqa: B023
        print(f"  windows trusted by {trust}: {found}")
    for constant in (0.0, 0.05, 0.1, 0.12, 0.15, 0.2, 0.3):
        print(f"  a constant {constant}: {excess(cases, lambda _: constant)}")  # noqa: B023


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.risk_level", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the sets, a folder each")
    told(parser.parse_args().data)
