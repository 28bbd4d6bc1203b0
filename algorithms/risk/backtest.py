"""Forecasts as of earlier days, each fitted to what was known by then, and how far they missed."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from algorithms.risk import bgnbd
from algorithms.risk.condensed import MOST_REGULAR
from algorithms.risk.features import YEAR
from algorithms.risk.forms import fit_forms
from algorithms.risk.level import Misses
from algorithms.risk.orders import WEEK, Orders, count_after, summarise_purchases

Floats = NDArray[np.float64]

RECENT: Final = 8
"""The most windows counted back from the day, each half a horizon before the one after it."""
YEARS: Final = 3
"""So many years back, the windows of the same season, and those a quarter of a horizon beside it, are looked at."""
SHORTEST: Final = 28
"""Days of past without which nothing is forecast in a window."""
CLIENTS: Final = 5_000
"""The most clients whose orders are forecast in windows: the sampling error of more is below the rest of a miss."""
FEWEST: Final = 10
"""The fewest clients who ordered in a window, and who did not."""


class PastMisses(NamedTuple):
    """Misses of the share who ordered, and of the further orders of those, as logarithms."""

    share: Misses
    repeats: Misses


class _Window(NamedTuple):
    day: int
    days: int
    miss: float
    error: float
    repeats: float
    repeats_error: float


def measure_misses(past: Orders, day: int, horizon: int, most_regular: int = MOST_REGULAR) -> PastMisses:
    """Measure how far forecasts missed in windows of `horizon` days (or half a shorter past) before `day`."""
    sample, first = select_clients(past, CLIENTS), int(past.day.min())
    cuts = _list_cuts(day, min(horizon, (day - first) // 2))
    old = [(cut, days) for cut, days in cuts if cut - first >= max(SHORTEST, days)]
    windows = _forecast_windows(sample, old, most_regular)
    middle = np.array([window.day + window.days / 2 for window in windows])
    days = np.array([float(window.days) for window in windows])
    reach = np.array([window.days / (window.day - first) for window in windows])
    miss, error, repeats, repeats_error = np.array([window[2:] for window in windows]).reshape(-1, 4).T
    known = np.isfinite(repeats)
    return PastMisses(
        Misses(middle, days, miss, error, reach),
        Misses(middle[known], days[known], repeats[known], repeats_error[known], reach[known]),
    )


def _list_cuts(day: int, days: int) -> list[tuple[int, int]]:
    """List the windows that end by `day`: the day before which each begins, and its length.

    The last half of a horizon shows what has just begun, the years before show the season.
    """
    recent = {day - days - max(days // 2, 7) * back for back in range(RECENT)}
    yearly = {day - YEAR * year + aside * (days // 4) for year in range(1, YEARS + 1) for aside in (-1, 0, 1)}
    half = [(day - days // 2, days // 2)] if days >= 2 * WEEK else []
    return half + [(cut, days) for cut in sorted(recent | yearly, reverse=True) if cut + days <= day]


def _forecast_windows(past: Orders, cuts: list[tuple[int, int]], most_regular: int) -> list[_Window]:
    """Forecast all windows; more threads than one only wait for each other in fits of four parameters."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  (slow to import)

    with threadpool_limits(1):
        windows = [_forecast_window(past, cut, days, most_regular) for cut, days in cuts]
    return [window for window in windows if window is not None]


def _forecast_window(past: Orders, day: int, days: int, most_regular: int) -> _Window | None:
    """Forecast the `days` after `day`; None where too few ordered or did not."""
    known = past.until(day)
    if not len(known):
        return None
    came = count_after(past, known.ids, day, days)
    ordered = int((came > 0).sum())
    if min(ordered, len(came) - ordered) < FEWEST:
        return None
    clients = summarise_purchases(known, day)
    forms = fit_forms(known, clients, most_regular)
    share, weeks = ordered / len(came), days / WEEK
    miss = float(logit(share) - logit(forms.p_order(clients, weeks).mean()))
    more = float((came - 1)[came > 0].sum())
    foretold = float((bgnbd.predict_repeats(forms.leaving, clients, weeks) - 1)[came > 0].sum())
    repeats = float(np.log(more / foretold)) if min(more, foretold) >= FEWEST else float("nan")
    return _Window(
        day, days, miss, 1 / float(np.sqrt(len(came) * share * (1 - share))), repeats, 2 / float(np.sqrt(max(more, 1)))
    )


def select_clients(past: Orders, most: int) -> Orders:
    """Select at most so many clients, evenly over their sorted ids, so that the order of rows plays no part."""
    every = -(-len(past.ids) // most)
    if every <= 1:
        return past
    kept = past.client % every == 0
    value = None if past.value is None else past.value[kept]
    return Orders(past.ids[::every], past.client[kept] // every, past.day[kept], value)
