"""Try risk models: predict at the beginning of the latest horizon who orders in it; by the Brier score."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from algorithms import engagement
from algorithms.risk import recency_rate, risk_model
from algorithms.risk.order_totals import OrderTotals, build_totals
from algorithms.risk.orders import count_after, merge_orders
from algorithms.risk.recency_rate import Population
from algorithms.risk.risk_model import RiskModel
from domain.arrays import Floats
from domain.engagement import DAY
from services.context import ServiceContext
from services.training.trials import ChampionTrial, has_seen_later
from store.clients import histories, order_histories
from store.database import read_transaction
from store.learning.artefacts import Artefact


def try_risk(
    context: ServiceContext, cut: datetime, until: datetime, _challenger: Artefact, champion: Artefact | None
) -> ChampionTrial:
    """Score the chance of an order from the cut, a midnight in UTC, to `until`, for all who had ordered before.

    `1 - (chance - outcome)^2`, so that higher is better. Without a champion, the one to beat is the recency rate, which
    predicts how many orders to expect; the chance of one is then 1 - exp(-expected).
    """
    day, horizon = int(cut.timestamp() // DAY) - 1, (until - cut).days
    with read_transaction(context.engine) as connection:
        rows = order_histories.load_all_orders(connection, until)
        _, then = histories.replay_histories(connection, context.engagement, cut)
    if not (rows.at < cut.timestamp()).any():
        return ChampionTrial("brier", np.zeros(0), np.zeros(0))
    orders = merge_orders(rows.client_ids, np.floor(rows.at / DAY).astype(np.int64), rows.value_cents / 100)
    past = orders.until(day)
    came = count_after(orders, past.ids, day, horizon) > 0
    never, totals = engagement.fit_population(then, cut.timestamp()), build_totals(past)
    model = risk_model.learn(past, day, horizon, never)
    if champion is None:
        chance = _predict_by_rate(never, totals, day, horizon)
    else:
        champion_model = (
            model if has_seen_later(champion, cut) else RiskModel.load(Path(context.settings.home) / champion.path)
        )
        chance = champion_model.forecast(totals, float(day)).p_order
    tried = model.forecast(totals, float(day)).p_order
    return ChampionTrial("brier", 1 - (chance - came) ** 2, 1 - (tried - came) ** 2)


def _predict_by_rate(never: Population, totals: OrderTotals, day: int, horizon: int) -> Floats:
    clients = recency_rate.OrderHistories(totals.orders, totals.first, totals.last, totals.first)
    _, expected = recency_rate.predict(never, clients, float(day), horizon)
    return np.asarray(-np.expm1(-expected))
