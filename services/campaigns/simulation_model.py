"""Build the response model of a simulation: from the shop's own history where there is enough, else assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from domain.simulation.responses import (
    ENOUGH_CLICKS,
    ENOUGH_MAILS,
    SIMULATED_EVENTS,
    choose_rate,
    estimate_own_rate,
)
from models.base import ClientId
from models.simulation import ResponseModel
from store.campaigns import responses

HALF_YEAR: Final = timedelta(days=182)
YEAR: Final = timedelta(days=365)


def build_model(connection: Connection, client_ids: Sequence[ClientId], now: datetime) -> ResponseModel:
    """Build the model from what everybody did by `now`; what clients do by themselves from these clients."""
    counts = responses.count_answers(connection, now - HALF_YEAR, now)
    own = responses.count_own(connection, client_ids, SIMULATED_EVENTS, now - YEAR, now)
    days = sum(one.days for one in own.values())
    totals = {type_: sum(one.counts.get(type_, 0) for one in own.values()) for type_ in SIMULATED_EVENTS}
    return ResponseModel(
        opens=choose_rate("opens", counts.opened, counts.sent, ENOUGH_MAILS),
        clicks=choose_rate("clicks", counts.clicked, counts.opened, ENOUGH_MAILS),
        orders=choose_rate("orders", counts.ordered, counts.clicked, ENOUGH_CLICKS),
        unsubscribes=choose_rate("unsubscribes", counts.unsubscribed, counts.opened, ENOUGH_MAILS),
        own={type_: count / days for type_, count in totals.items() if count and days},
        own_days=round(max((one.days for one in own.values()), default=0.0)),
    )


def estimate_own_rates(
    connection: Connection, client_ids: Sequence[ClientId], model: ResponseModel, now: datetime
) -> Mapping[ClientId, Mapping[str, float]]:
    """Estimate for each client how often a day they do what clients do by themselves."""
    known = responses.count_own(connection, client_ids, SIMULATED_EVENTS, now - YEAR, now)
    return {
        client_id: {
            type_: estimate_own_rate(one.counts.get(type_, 0), one.days, mean) for type_, mean in model.own.items()
        }
        for client_id, one in known.items()
    }
