"""What the learnt risk model says of one client, from what the store keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from algorithms.risk import recency_rate
from algorithms.risk.kept import Kept
from algorithms.risk.recency_rate import Orders
from algorithms.risk.served import ALGORITHM, RiskModel
from domain.arrays import Floats
from domain.engagement import DAY
from domain.rhythm import FALLEN, GONE, Risk, words
from models.base import Contract


class Bought(Contract):
    """One client's orders, as kept: how many, when the first and the last, and what all were worth."""

    orders: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    value_cents: int = 0
    signed_up_at: datetime


def tell(model: RiskModel, version: str, bought: Bought, now: datetime) -> Risk:
    """Where the client stands at `now`, when that turns, and why."""
    if bought.first_at is None or bought.last_at is None:
        return _never(model, version, bought, now)
    some = Kept(*(np.array([value], np.float64) for value in _figures(bought.first_at, bought.last_at, bought)))
    day = now.timestamp() / DAY
    told = model.told(some, day)
    repeats = int(some.rhythm(day).x[0])
    fell, gone = model.falls(some, (FALLEN, GONE))[0].tolist() if repeats else (np.nan, np.nan)
    between, silence = (bought.last_at - bought.first_at, now - bought.last_at)
    return Risk(
        algorithm=ALGORITHM,
        version=version,
        horizon_days=model.horizon,
        orders=repeats + 1,
        p_alive=round(float(told.p_alive[0]), 6),
        p_order=round(float(told.p_order[0]), 6),
        expected_orders=round(float(told.expected_orders[0]), 6),
        expected_value_cents=round(float(told.expected_value[0]) * 100),
        next_order_days=_days(model.next_order(some, day)[0]),
        falls_at=_moment(fell),
        gone_at=_moment(gone),
        why=words(repeats + 1, between.total_seconds() / DAY / max(repeats, 1), max(silence.total_seconds() / DAY, 0)),
    )


def _figures(first: datetime, last: datetime, bought: Bought) -> tuple[float, ...]:
    return bought.orders, first.timestamp() / DAY, last.timestamp() / DAY, bought.value_cents / 100


def _never(model: RiskModel, version: str, bought: Bought, now: datetime) -> Risk:
    """Of those who never ordered: whether they ever will, by `recency_rate`."""
    joined = bought.signed_up_at.timestamp() / DAY
    nobody = Orders(np.zeros(1), np.full(1, np.nan), np.full(1, np.nan), np.array([joined]))
    alive, expected = recency_rate.predict(model.never, nobody, now.timestamp() / DAY, model.horizon)
    days = max((now - bought.signed_up_at).total_seconds() / DAY, 0)
    return Risk(
        algorithm=ALGORITHM,
        version=version,
        horizon_days=model.horizon,
        orders=0,
        p_alive=round(float(alive[0]), 6),
        p_order=round(float(expected[0]), 6),
        expected_orders=round(float(expected[0]), 6),
        why=f"has not ordered in the {days:,.0f} days since signing up",
    )


def _days(row: Floats) -> tuple[float | None, ...]:
    """Days to one digit; None for what comes in no ten years."""
    return tuple(round(day, 1) if day < 3_650 else None for day in row.tolist())


def _moment(day: float) -> datetime | None:
    """To the whole second after it; half a second of slack, so that a timer set for it finds it come."""
    return None if np.isnan(day) else datetime.fromtimestamp(float(np.ceil(day * DAY + 0.5)), UTC)
