"""Train the risk model from the store: measure on the latest horizon, fit to everything, then let it serve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms import engagement
from algorithms.risk import calibration, risk_model
from algorithms.risk.order_totals import build_totals
from algorithms.risk.orders import Orders, count_after, merge_orders
from algorithms.risk.recency_rate import Population
from algorithms.risk.risk_model import RiskModel
from algorithms.risk.windows import take_snapshot
from domain.engagement import DAY, EngagementRules
from errors import BadInput
from services.assessment.scoring import RISK_SLOT
from services.training import artefacts as keeping
from settings import Settings
from store.clients import histories, order_histories
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

CODE: Final = "2"
"""Raise with every change of how the model is fitted or used."""

Progress = Callable[[str], None]


def train_risk(
    engine: Engine,
    settings: Settings,
    horizon: int,
    now: datetime,
    progress: Progress = lambda _: None,
    *,
    live: bool = True,
) -> Artefact:
    """Train on all orders up to business `now`; where it is to be `live`, it serves. The same orders give the same
    model.

    Raises BadInput when the store holds no order.
    """
    progress("reading orders")
    with read_transaction(engine) as connection:
        rows = order_histories.load_all_orders(connection, now)
        if not len(rows.at):
            raise BadInput("nothing to learn from: no event is an order (selvedge import events FILE)")
        progress("reading clients")
        _, histories_now = histories.replay_histories(connection, EngagementRules(), now)
    orders = merge_orders(rows.client_ids, np.floor(rows.at / DAY).astype(np.int64), rows.value_cents / 100)
    day, never = int(now.timestamp() // DAY), engagement.fit_population(histories_now, now.timestamp())
    progress(f"measuring on the last {horizon} days")
    metrics = measure_risk(orders, day - horizon, horizon, never)
    progress(f"learning from {len(orders)} orders of {len(orders.ids)} clients")
    model = risk_model.learn(orders, day, horizon, never)
    artefact = _build_artefact(model, orders, metrics, now, live)
    keeping.save_artefact(engine, Path(settings.home), artefact, model.save)
    return artefact


def measure_risk(orders: Orders, day: int, horizon: int, never: Population) -> dict[str, Any]:
    """Measure a model fitted until `day` on the `horizon` days after it, beside BG/NBD and recency.

    Empty where nobody or everybody ordered then.
    """
    past = orders.until(day)
    came = count_after(orders, past.ids, day, horizon)
    if not 0 < (came > 0).sum() < len(came):
        return {}
    forecast, base = (
        risk_model.learn(past, day, horizon, never).forecast(build_totals(past), float(day)),
        take_snapshot(past, day, horizon),
    )
    ordered = came > 0
    return {
        "cut": datetime.fromtimestamp(day * DAY, UTC).date().isoformat(),
        "clients": len(past.ids),
        "share_who_ordered": round(float(ordered.mean()), 4),
        "auc": _round(calibration.auc(ordered, forecast.p_order)),
        "auc_bgnbd": _round(max(calibration.auc(ordered, base.chance), calibration.auc(ordered, base.count))),
        "auc_recency": _round(calibration.auc(ordered, base.clients.t_x - base.clients.age)),
        "calibration_error": _round(calibration.calibration_error(ordered, forecast.p_order)),
        "predicted_over_actual": _round(float(forecast.expected_orders.sum() / came.sum())),
    }


def _build_artefact(model: RiskModel, orders: Orders, metrics: dict[str, Any], now: datetime, live: bool) -> Artefact:
    id_ = keeping.build_artefact_id(RISK_SLOT)
    first, last = (datetime.fromtimestamp(int(day) * DAY, UTC) for day in (orders.day.min(), orders.day.max()))
    about = {"code": CODE, "horizon_days": model.horizon, "windows": model.learnt_from}
    return Artefact(
        id=id_,
        slot=RISK_SLOT,
        algorithm=risk_model.ALGORITHM,
        path=artefacts.build_path(id_),
        window_from=first,
        window_until=last,
        metrics=metrics | about,
        created_at=now,
        live=live,
    )


def _round(value: float) -> float:
    return round(value, 4)
