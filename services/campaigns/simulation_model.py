"""Estimate how clients respond in a simulation: from the shop's own history where there is enough, else assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

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


class ClientResponses(NamedTuple):
    """How clients respond: the model, and how often a day each of them does what clients do by themselves."""

    model: ResponseModel
    own: Mapping[ClientId, Mapping[str, float]]


def estimate_responses(connection: Connection, client_ids: Sequence[ClientId], now: datetime) -> ClientResponses:
    """Estimate how these clients respond: to mail by what everybody did until `now`, by themselves from what each of
    them did."""
    counts = responses.count_answers(connection, now - HALF_YEAR, now)
    known = responses.count_own(connection, client_ids, SIMULATED_EVENTS, now - YEAR, now)
    days = sum(one.days for one in known.values())
    totals = {type_: sum(one.counts.get(type_, 0) for one in known.values()) for type_ in SIMULATED_EVENTS}
    means = {type_: count / days for type_, count in totals.items() if count and days}
    model = ResponseModel(
        opens=choose_rate("opens", counts.opened, counts.sent, ENOUGH_MAILS),
        clicks=choose_rate("clicks", counts.clicked, counts.opened, ENOUGH_MAILS),
        orders=choose_rate("orders", counts.ordered, counts.followed, ENOUGH_CLICKS),
        unsubscribes=choose_rate("unsubscribes", counts.unsubscribed, counts.opened, ENOUGH_MAILS),
        own=means,
        own_days=round(max((one.days for one in known.values()), default=0.0)),
    )
    own = {
        client_id: {type_: estimate_own_rate(one.counts.get(type_, 0), one.days, mean) for type_, mean in means.items()}
        for client_id, one in known.items()
    }
    return ClientResponses(model, own)
