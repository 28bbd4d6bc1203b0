"""The risk forecast of one client, from the order totals that the store keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from algorithms.risk import recency_rate
from algorithms.risk.order_totals import OrderTotals
from algorithms.risk.recency_rate import OrderHistories
from algorithms.risk.risk_model import ALGORITHM, RiskModel
from domain.arrays import Floats
from domain.churn_risk import AT_RISK_SHARE, LAPSED_SHARE, ChurnRisk, ClientOrders, explain_silence
from domain.engagement import DAY


def forecast_risk(model: RiskModel, version: str, orders: ClientOrders, now: datetime) -> ChurnRisk:
    """Forecast one client at `now`: their chances, when they fall at risk, and why."""
    if orders.first_at is None or orders.last_at is None:
        return _forecast_first_order(model, version, orders, now)
    totals = _build_totals(orders.first_at, orders.last_at, orders)
    day = now.timestamp() / DAY
    forecast = model.forecast(totals, day)
    repeats = int(totals.summarise(day).x[0])
    fell, gone = model.predict_falls(totals, (AT_RISK_SHARE, LAPSED_SHARE))[0].tolist() if repeats else (np.nan, np.nan)
    between, silence = (orders.last_at - orders.first_at, now - orders.last_at)
    return ChurnRisk(
        algorithm=ALGORITHM,
        version=version,
        horizon_days=model.horizon,
        orders=repeats + 1,
        p_alive=round(float(forecast.p_alive[0]), 6),
        p_order=round(float(forecast.p_order[0]), 6),
        expected_orders=round(float(forecast.expected_orders[0]), 6),
        expected_value_cents=round(float(forecast.expected_value[0]) * 100),
        next_order_days=_round_days(model.predict_next_order(totals, day)[0]),
        falls_at=_round_up(fell),
        gone_at=_round_up(gone),
        why=explain_silence(
            repeats + 1, between.total_seconds() / DAY / max(repeats, 1), max(silence.total_seconds() / DAY, 0)
        ),
    )


def _build_totals(first: datetime, last: datetime, orders: ClientOrders) -> OrderTotals:
    figures = (orders.orders, first.timestamp() / DAY, last.timestamp() / DAY, orders.value_cents / 100)
    return OrderTotals(*(np.array([figure], np.float64) for figure in figures))


def _forecast_first_order(model: RiskModel, version: str, orders: ClientOrders, now: datetime) -> ChurnRisk:
    """Forecast whether a client who never ordered ever will, by `recency_rate`."""
    joined = orders.signed_up_at.timestamp() / DAY
    nobody = OrderHistories(np.zeros(1), np.full(1, np.nan), np.full(1, np.nan), np.array([joined]))
    alive, expected = recency_rate.predict(model.never, nobody, now.timestamp() / DAY, model.horizon)
    days = max((now - orders.signed_up_at).total_seconds() / DAY, 0)
    return ChurnRisk(
        algorithm=ALGORITHM,
        version=version,
        horizon_days=model.horizon,
        orders=0,
        p_alive=round(float(alive[0]), 6),
        p_order=round(float(expected[0]), 6),
        expected_orders=round(float(expected[0]), 6),
        why=f"has not ordered in the {days:,.0f} days since signing up" if days >= 1 else "signed up today",
    )


def _round_days(row: Floats) -> tuple[float | None, ...]:
    """Round days to one digit; None for what comes in no ten years."""
    return tuple(round(day, 1) if day < 3_650 else None for day in row.tolist())


def _round_up(day: float) -> datetime | None:
    """Round up to a whole second, with half a second of slack, so that a timer set for it fires after the crossing."""
    return None if np.isnan(day) else datetime.fromtimestamp(float(np.ceil(day * DAY + 0.5)), UTC)
