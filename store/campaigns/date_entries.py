"""Clients whose attribute names a day that is near."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, extract, select, tuple_

from models.base import ClientId
from store.tables import client_attributes, clients


class NamedDay(NamedTuple):
    """A day that an attribute of a client names, and the client's zone."""

    client_id: ClientId
    day: date
    time_zone: str


def list_named_days(
    connection: Connection,
    name: str,
    days: Iterable[date] | None,
    month_days: Iterable[tuple[int, int]],
    after: ClientId,
    limit: int,
) -> list[NamedDay]:
    """List the next clients after `after` who may be mailed by their own word and whose attribute `name` is one of
    `days`; where that is None, one whose month and day is among `month_days`."""
    a = client_attributes.c
    if days is not None:
        near = a.day.in_(sorted(days))
    else:
        near = tuple_(extract("month", a.day), extract("day", a.day)).in_(list(month_days))
    query = (
        select(a.client_id, a.day, clients.c.time_zone)
        .join(clients, clients.c.client_id == a.client_id)
        .where(a.name == name, a.client_id > after, near, clients.c.consent)
        .order_by(a.client_id)
        .limit(limit)
    )
    return [NamedDay(*row) for row in connection.execute(query)]
