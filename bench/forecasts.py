"""Forecasts of who orders again, over shops of many kinds at many cuts, beside BG/NBD, recency and boosting.

`python -m bench.forecasts` prints every shop. SELVEDGE_SCIENCE_DATA names a folder of more public sets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.evaluation.risk_evaluation import evaluate
from algorithms.risk.calibration import auc
from algorithms.risk.orders import Orders, count_after, summarise_purchases
from bench.risk import SETS, cdnow_sample
from bench.shops import KEPT_SHOPS, OPENING, SHOPS, simulate_orders

Floats = NDArray[np.float64]

CLIENTS: Final = 2_500
SEED: Final = 77
YOUNG: Final = ((190, 90), (273, 90), (273, 180), (273, 273), (365, 180))
"""(days after the first order, horizon) at which the CDNOW sample is cut."""
SET_CUTS: Final = {"retail": ((90, 60), (120, 30), (120, 90), (150, 60)), "rentals": ((1_000, 91), (1_400, 181))}


class CutFigures(NamedTuple):
    """Figures of one forecast: calibration errors, AUC of "orders again", and mean errors of the number of orders."""

    error: float
    error_bgnbd: float
    auc: float
    auc_bgnbd: float
    auc_recency: float
    auc_boosting: float
    mean_error: float
    mean_error_bgnbd: float
    mean_error_zero: float


def measure() -> dict[str, float]:
    """Measure all shops; the bars are those of the mean and of the worst shop."""
    shops = dict(measure_shops())
    rows = np.array([row for figures in shops.values() for row in figures])
    means = {name: np.nanmean(np.array(figures), axis=0) for name, figures in shops.items()}
    ours, base, zero = (rows[:, CutFigures._fields.index(name)] for name in _MEAN_ERRORS)
    best = {name: mean[2] - np.nanmax(mean[3:6]) for name, mean in means.items()}
    return {
        "forecasts_cuts": len(rows),
        "forecasts_shops": len(shops),
        "forecasts_calibration_error": round(float(rows[:, 0].mean()), 4),
        "forecasts_bgnbd_calibration_error": round(float(rows[:, 1].mean()), 4),
        "forecasts_worst_shop_calibration_error": round(float(max(mean[0] for mean in means.values())), 4),
        "forecasts_auc_over_best": round(float(np.mean(list(best.values()))), 4),
        "forecasts_worst_auc_over_best": round(float(min(best.values())), 4),
        "forecasts_mean_error_above_zero_where_bgnbd_is_below": int(((base < zero) & (ours >= zero)).sum()),
    } | {f"forecasts_{name}_calibration_error": round(float(mean[0]), 4) for name, mean in means.items()}


_MEAN_ERRORS: Final = ("mean_error", "mean_error_bgnbd", "mean_error_zero")


def measure_shops() -> Iterator[tuple[str, list[CutFigures]]]:
    """Measure shop by shop: the made-up kinds, the kept ones among them, then public sets."""
    for name, shop in (SHOPS | KEPT_SHOPS).items():
        orders = simulate_orders(shop, CLIENTS, SEED)
        yield name, [judge_forecast(orders, OPENING + day, horizon) for day, horizon in shop.cuts]
    sample = cdnow_sample()
    yield "cdnow", [judge_forecast(sample, int(sample.day.min()) + day, horizon) for day, horizon in YOUNG]
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if not folder:
        print("forecasts: no SELVEDGE_SCIENCE_DATA, of public sets the sample alone is measured", file=sys.stderr)
        return
    for name, cuts in SET_CUTS.items():
        orders = SETS[name].read(Path(folder) / SETS[name].file)
        yield name, [judge_forecast(orders, int(orders.day.min()) + day, horizon) for day, horizon in cuts]


def judge_forecast(orders: Orders, day: int, horizon: int) -> CutFigures:
    """Judge the forecast of `selvedge evaluate risk` on the days after `day`."""
    report = evaluate(orders, day, horizon)["algorithms"]
    ours, base = report["cadence"], report["bgnbd"]
    return CutFigures(
        ours["calibration_error"],
        base["calibration_error"],
        ours["auc"],
        base["auc"],
        report["recency"]["auc"],
        judge_boosting(orders, day, horizon),
        *(report[name]["mean_absolute_error"] for name in ("cadence", "bgnbd", "zero")),
    )


def judge_boosting(orders: Orders, day: int, horizon: int) -> float:
    """Compute the AUC of boosted trees on recency, frequency, age and value, learnt on windows inside the past."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    past = orders.until(day)
    days = min(horizon, (day - int(past.day.min())) // 2)
    windows = [past.until(day - back) for back in (days, days + days // 2) if day - back > int(past.day.min())]
    rows = [_build_rows(window, day - back) for window, back in zip(windows, (days, days + days // 2), strict=False)]
    came = [
        count_after(past, window.ids, day - back, days) > 0
        for window, back in zip(windows, (days, days + days // 2), strict=False)
    ]
    trees = HistGradientBoostingClassifier(max_iter=60, min_samples_leaf=60, early_stopping=False, random_state=0)
    trees.fit(np.concatenate(rows), np.concatenate(came))
    later = count_after(orders, past.ids, day, horizon) > 0
    return round(auc(later, trees.predict_proba(_build_rows(past, day))[:, 1]), 4)


def _build_rows(past: Orders, day: int) -> Floats:
    clients = summarise_purchases(past, day)
    value = np.zeros(len(past)) if past.value is None else past.value
    worth = np.bincount(past.client, value, len(past.ids))
    return np.stack([clients.x, clients.t_x, clients.age, clients.age - clients.t_x, worth], axis=1)


def print_figures() -> None:
    """Print the mean figures of each shop."""
    print(f"{'shop':<16}{'cuts':>5}" + "".join(f"{name:>22}" for name in CutFigures._fields))
    for name, figures in measure_shops():
        means = np.nanmean(np.array(figures), axis=0)
        print(f"{name:<16}{len(figures):>5}" + "".join(f"{mean:>22.4f}" for mean in means), flush=True)


if __name__ == "__main__":
    print_figures()
