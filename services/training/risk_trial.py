"""Risk models tried: who orders in the latest horizon, foretold at its beginning; by the Brier score."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from algorithms import engagement
from algorithms.risk import recency_rate, served
from algorithms.risk.kept import Kept, kept_of
from algorithms.risk.orders import count_after, merged
from algorithms.risk.recency_rate import Population
from algorithms.risk.served import RiskModel
from domain.arrays import Floats
from domain.engagement import DAY
from services.context import ServiceContext
from services.training.trials import Trial, has_seen
from store.clients import histories, order_histories
from store.database import read_transaction
from store.learning.artefacts import Artefact


def try_risk(
    context: ServiceContext, cut: datetime, until: datetime, _challenger: Artefact, champion: Artefact | None
) -> Trial:
    """The chance of an order from the cut, a midnight in UTC, to `until`, for all who had ordered before.

    `1 - (chance - outcome)^2`, so that higher is better. Without a champion, what is beaten is the recency rate, which
    tells how many orders to expect; the chance of one is then 1 - exp(-expected).
    """
    day, horizon = int(cut.timestamp() // DAY) - 1, (until - cut).days
    with read_transaction(context.engine) as connection:
        rows = order_histories.everybody(connection, until)
        _, then = histories.as_of_then(connection, context.engagement, cut)
    if not (rows.at < cut.timestamp()).any():
        return Trial("brier", np.zeros(0), np.zeros(0))
    orders = merged(rows.client_ids, np.floor(rows.at / DAY).astype(np.int64), rows.value_cents / 100)
    past = orders.until(day)
    came = count_after(orders, past.ids, day, horizon) > 0
    never, kept = engagement.learn(then, cut.timestamp()), kept_of(past)
    model = served.learn(past, day, horizon, never)
    if champion is None:
        chance = _by_rate(never, kept, day, horizon)
    else:
        its = model if has_seen(champion, cut) else RiskModel.load(Path(context.settings.home) / champion.path)
        chance = its.told(kept, float(day)).p_order
    tried = model.told(kept, float(day)).p_order
    return Trial("brier", 1 - (chance - came) ** 2, 1 - (tried - came) ** 2)


def _by_rate(never: Population, kept: Kept, day: int, horizon: int) -> Floats:
    clients = recency_rate.Orders(kept.orders, kept.first, kept.last, kept.first)
    _, expected = recency_rate.predict(never, clients, float(day), horizon)
    return np.asarray(-np.expm1(-expected))
