"""Training the risk model from the store: measured on the latest horizon, learnt from everything, then it serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms import engagement
from algorithms.risk import calibration, served
from algorithms.risk.kept import kept_of
from algorithms.risk.orders import Orders, count_after, merged
from algorithms.risk.recency_rate import Population
from algorithms.risk.served import RiskModel
from algorithms.risk.windows import standing
from domain.engagement import DAY, EngagementRules
from errors import BadInput
from services.assessment.risk import SLOT
from services.training import artefacts as keeping
from settings import Settings
from store.clients import histories, order_histories
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

CODE: Final = "1"
"""Raise with every change of what is learnt or how it is asked."""

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
    """Learn from all orders up to business `now`; where it is to be `live`, it serves. The same orders give the same
    model.

    Raises BadInput when the store holds no order.
    """
    progress("reading orders")
    with read_transaction(engine) as connection:
        rows = order_histories.everybody(connection, now)
        if not len(rows.at):
            raise BadInput("nothing to learn from: no event is an order (selvedge import events FILE)")
        progress("reading clients")
        _, kept = histories.as_of_then(connection, EngagementRules(), now)
    orders = merged(rows.client_ids, np.floor(rows.at / DAY).astype(np.int64), rows.value_cents / 100)
    day, never = int(now.timestamp() // DAY), engagement.learn(kept, now.timestamp())
    progress(f"measuring on the last {horizon} days")
    metrics = measured(orders, day - horizon, horizon, never)
    progress(f"learning from {len(orders)} orders of {len(orders.ids)} clients")
    model = served.learn(orders, day, horizon, never)
    made = _artefact(model, orders, metrics, now, live)
    keeping.keep(engine, Path(settings.home), made, model.save)
    return made


def measured(orders: Orders, day: int, horizon: int, never: Population) -> dict[str, Any]:
    """The model learnt until `day` and asked about the `horizon` days after it, beside BG/NBD and recency.

    Empty where nobody or everybody ordered then.
    """
    past = orders.until(day)
    came = count_after(orders, past.ids, day, horizon)
    if not 0 < (came > 0).sum() < len(came):
        return {}
    told, base = served.learn(past, day, horizon, never).told(kept_of(past), float(day)), standing(past, day, horizon)
    ordered = came > 0
    return {
        "cut": datetime.fromtimestamp(day * DAY, UTC).date().isoformat(),
        "clients": len(past.ids),
        "share_who_ordered": round(float(ordered.mean()), 4),
        "auc": _round(calibration.auc(ordered, told.p_order)),
        "auc_bgnbd": _round(max(calibration.auc(ordered, base.chance), calibration.auc(ordered, base.count))),
        "auc_recency": _round(calibration.auc(ordered, base.clients.t_x - base.clients.age)),
        "calibration_error": _round(calibration.calibration_error(ordered, told.p_order)),
        "predicted_over_actual": _round(float(told.expected_orders.sum() / came.sum())),
    }


def _artefact(model: RiskModel, orders: Orders, metrics: dict[str, Any], now: datetime, live: bool) -> Artefact:
    id_ = keeping.new_id(SLOT)
    first, last = (datetime.fromtimestamp(int(day) * DAY, UTC) for day in (orders.day.min(), orders.day.max()))
    about = {"code": CODE, "horizon_days": model.horizon, "windows": model.learnt_from}
    return Artefact(
        id=id_,
        slot=SLOT,
        algorithm=served.ALGORITHM,
        path=artefacts.path_of(id_),
        window_from=first,
        window_until=last,
        metrics=metrics | about,
        created_at=now,
        live=live,
    )


def _round(value: float) -> float:
    return round(value, 4)
