"""The evaluation of order forecasts: fitted on orders until a day, judged on the orders of the days after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import cadence
from algorithms.risk.calibration import auc, calibration_error, reliability
from algorithms.risk.orders import Orders, count_after
from errors import BadInput

Floats = NDArray[np.float64]


def evaluate(orders: Orders, day: int, horizon: int) -> dict[str, Any]:
    """Evaluate `cadence` beside BG/NBD, recency and frequency.

    `cadence` is judged by its p_order; BG/NBD by whichever of its two figures ranks better. Raises BadInput when
    there is nothing to judge.
    """
    if int(orders.day.min()) > day:
        raise BadInput("no order is of that day or earlier", "calibrate_until")
    if int(orders.day.max()) <= day:
        raise BadInput("no order is later than that day: nothing is held out", "calibrate_until")
    forecasts = cadence.forecast(orders, day, horizon)
    came = count_after(orders, forecasts.ids, day, horizon)
    base = forecasts.bgnbd
    silence = base.clients.age - base.clients.t_x
    return {
        "clients": len(forecasts.ids),
        "orders_held_out": int(came.sum()),
        "share_who_ordered": round(float((came > 0).mean()), 4),
        "warning": forecasts.warning,
        "horizon_covered": bool(int(orders.day.max()) >= day + horizon),
        "algorithms": {
            cadence.ALGORITHM: _build_figures(came, forecasts.expected_orders, forecasts.p_order, forecasts.p_order),
            "bgnbd": _build_figures(came, base.count, base.chance),
            "recency": {"auc": _round(auc(came > 0, -silence))},
            "frequency": {"auc": _round(auc(came > 0, base.clients.x))},
            "zero": {"mean_absolute_error": _round(float(came.mean()))},
        },
    }


def _build_figures(came: Floats, expected: Floats, chance: Floats, rank: Floats | None = None) -> dict[str, Any]:
    """Build the figures of one model; `auc` by `rank`, or by what ranks better of the chance and the expected count."""
    total, ordered = float(came.sum()), came > 0
    by_chance, by_count = auc(ordered, chance), auc(ordered, expected)
    best = max(by_chance, by_count) if rank is None else auc(ordered, rank)
    return {
        "predicted_over_actual": _round(float(expected.sum()) / total) if total else None,
        "mean_absolute_error": _round(float(np.abs(expected - came).mean())),
        "auc": _round(best),
        "auc_of_p_order": _round(by_chance),
        "auc_of_expected_orders": _round(by_count),
        "calibration_error": _round(calibration_error(ordered, chance)),
        "reliability": [
            [bin_.clients, round(bin_.predicted, 4), round(bin_.observed, 4)] for bin_ in reliability(ordered, chance)
        ],
    }


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
