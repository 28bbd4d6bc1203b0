"""Training windows inside the past: as of an earlier day, the orders that followed are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import bgnbd
from algorithms.risk.features import YEAR, build_features
from algorithms.risk.forms import PurchaseForms, fit_forms
from algorithms.risk.orders import WEEK, Orders, PurchaseSummary, count_after, summarise_purchases

Floats = NDArray[np.float64]

FEWEST: Final = 50
"""The fewest clients who ordered in a window, and who did not, from whom anything is learnt."""


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    """n clients as of a day: BG/NBD's predictions over the horizon, and the features.

    `chance` and `count` (orders) are BG/NBD's alone; `log_odds` are those of both forms together. `value`: of all
    orders of each client; zeros where orders come without values.
    """

    forms: PurchaseForms
    clients: PurchaseSummary
    horizon: int
    chance: Floats
    count: Floats
    log_odds: Floats
    features: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """A snapshot and `came` (n,): the number of orders that came within its horizon."""

    snapshot: ClientSnapshot
    came: Floats


def take_snapshot(past: Orders, day: int, horizon: int, forms: PurchaseForms | None = None) -> ClientSnapshot:
    """Take the snapshot of every client in `past` at the end of `day`. Fits `forms` unless given."""
    clients = summarise_purchases(past, day)
    forms = forms or fit_forms(past, clients)
    chance = bgnbd.p_order(forms.leaving, clients, horizon / WEEK)
    count = np.maximum(bgnbd.predict_orders(forms.leaving, clients, horizon / WEEK), chance)
    log_odds = forms.log_odds(clients, horizon / WEEK)
    features = build_features(past, clients, day, horizon, log_odds)
    values = np.zeros(len(past)) if past.value is None else np.maximum(past.value, 0.0)
    value = np.bincount(past.client, values, len(past.ids)).astype(np.float64)
    return ClientSnapshot(forms, clients, horizon, chance, count, log_odds, features, value)


def build_windows(past: Orders, day: int, now: ClientSnapshot) -> list[TrainingWindow]:
    """Build the windows, from what was known by `day`, that hold enough to learn from; none in a young shop.

    They use the forms of `now`, as it is those that the ridge will correct. Forms fitted on a window's own few weeks
    are often far off, and their correction would be another one.
    """
    cuts = _choose_cuts(day - int(past.day.min()), now.horizon)
    windows = (_build_window(past, day - back, days, now.forms) for back, days in cuts)
    return [window for window in windows if window is not None]


def _choose_cuts(span: int, horizon: int) -> list[tuple[int, int]]:
    """Choose how many days back each window begins, and its length.

    With years of orders: the latest horizon, the same season a year ago, and half a horizon around them. Else windows
    as long as the past allows: about six tenths of it, a half and two fifths.
    """
    if span >= max(2.5 * horizon, 2 * YEAR):
        half = max(horizon // 2, 1)
        cuts = [(horizon, horizon), (YEAR, horizon), (YEAR + half, horizon), (horizon, half)]
        return sorted({(max(back, days), days) for back, days in cuts})
    longest = min(horizon, int(0.6 * span))
    backs = (longest, span // 2, span * 2 // 5)
    return sorted({(back, min(longest, back)) for back in backs if back > 0 and span - back >= WEEK})


def _build_window(past: Orders, day: int, horizon: int, forms: PurchaseForms) -> TrainingWindow | None:
    known = past.until(day)
    came = count_after(past, known.ids, day, horizon)
    ordered = int((came > 0).sum())
    if min(ordered, len(came) - ordered) < FEWEST:
        return None
    return TrainingWindow(take_snapshot(known, day, horizon, forms), came)
