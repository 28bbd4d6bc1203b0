"""Windows inside the past: as of an earlier day, what came next is known, and can be learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import bgnbd
from algorithms.risk.bgnbd import BgNbd
from algorithms.risk.features import YEAR, features
from algorithms.risk.orders import WEEK, Orders, Rhythm, count_after, rhythm

Floats = NDArray[np.float64]

FEWEST: Final = 50
"""Clients who ordered in a window, and who did not: of fewer nothing is learnt."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where n clients stand as of a day: what BG/NBD foretells over the horizon, and the features.

    `forms`: BG/NBD and its modified form. `chance` and `count` are BG/NBD's alone; `log_odds` are those of the mean
    chance of both. `value`: of all orders of each client; zeros where none was told.
    """

    forms: tuple[BgNbd, BgNbd]
    clients: Rhythm
    horizon: int
    chance: Floats
    count: Floats
    log_odds: Floats
    features: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Window:
    """A standing and the orders that came within its horizon, shape (n,)."""

    at: Standing
    came: Floats


def standing(past: Orders, day: int, horizon: int, forms: tuple[BgNbd, BgNbd] | None = None) -> Standing:
    """Where everybody in `past` stands at the end of `day`; looks at `past` alone. Fits `forms` unless given."""
    clients = rhythm(past, day)
    forms = forms or (bgnbd.fit(clients), bgnbd.fit(clients, modified=True))
    chance = bgnbd.p_order(forms[0], clients, horizon / WEEK)
    count = np.maximum(bgnbd.expected_orders(forms[0], clients, horizon / WEEK), chance)
    log_odds = bgnbd.log_odds(forms, clients, horizon / WEEK)
    about = features(past, clients, day, horizon, log_odds)
    paid = np.zeros(len(past)) if past.value is None else np.maximum(past.value, 0.0)
    value = np.bincount(past.client, paid, len(past.ids)).astype(np.float64)
    return Standing(forms, clients, horizon, chance, count, log_odds, about, value)


def windows(past: Orders, day: int, now: Standing) -> list[Window]:
    """The windows in what was known by `day` that hold enough to learn from; none in a shop that is too young.

    They are seen through the forms of `now`, for it is those that what is learnt will move: fitted on a window's own
    few weeks they are often far off, and what mends them then is not wanted now.
    """
    places = _places(day - int(past.day.min()), now.horizon)
    found = (_window(past, day - back, days, now.forms) for back, days in places)
    return [window for window in found if window is not None]


def _places(span: int, horizon: int) -> list[tuple[int, int]]:
    """How many days back each window is cut, and its length.

    With years behind us: the latest horizon, the same season a year ago and half a horizon around them. Else windows
    as long as the past allows: some six tenths of it, a half and two fifths.
    """
    if span >= max(2.5 * horizon, 2 * YEAR):
        half = max(horizon // 2, 1)
        places = [(horizon, horizon), (YEAR, horizon), (YEAR + half, horizon), (horizon, half)]
        return sorted({(max(back, days), days) for back, days in places})
    longest = min(horizon, int(0.6 * span))
    backs = (longest, span // 2, span * 2 // 5)
    return sorted({(back, min(longest, back)) for back in backs if back > 0 and span - back >= WEEK})


def _window(past: Orders, day: int, horizon: int, forms: tuple[BgNbd, BgNbd]) -> Window | None:
    known = past.until(day)
    came = count_after(past, known.ids, day, horizon)
    ordered = int((came > 0).sum())
    if min(ordered, len(came) - ordered) < FEWEST:
        return None
    return Window(standing(known, day, horizon, forms), came)
