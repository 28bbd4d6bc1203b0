"""What answers of the slot `session` showed, what was asked, and what clients did with the items."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from domain.sessions import TAKEN, Shown, Taken
from models.policies import BUILT_IN
from models.slots import SessionQuestion
from store.sql.bulk import among
from store.tables import decisions, events, questions

SLOT = "session"


def shown(connection: Connection, after: tuple[datetime, str], until: datetime, most: int) -> list[Shown]:
    """The next answers after (moment, id) up to `until`, oldest first, with what was asked as far as it is kept."""
    d, (at, id_) = decisions.c, after
    query = (
        _answers(questions.c.body)
        .outerjoin(questions, questions.c.digest == d.question)
        .where(or_(d.at > at, d.id > id_), d.at >= at, d.at <= until)  # two bounds, or an index is read from its start
    )
    return [_shown(row, row.body) for row in connection.execute(query.order_by(d.at, d.id).limit(most))]


def of_clients(connection: Connection, clients: Iterable[str], since: datetime, until: datetime) -> list[Shown]:
    """All that these clients were shown after `since`, up to `until`."""
    d = decisions.c
    query = _answers().where(d.at > since, d.at <= until, among(connection, d.client_id, clients))
    return [_shown(row, None) for row in connection.execute(query)]


def taken(connection: Connection, clients: Iterable[str], since: datetime, until: datetime) -> list[Taken]:
    """What these clients did with items in that time."""
    e = events.c
    query = select(e.client_id, e.item_id, e.type, e.occurred_at).where(
        e.type.in_(TAKEN),
        e.item_id.is_not(None),
        e.occurred_at >= since,
        e.occurred_at <= until,
        among(connection, e.client_id, clients),
    )
    return [Taken(*row) for row in connection.execute(query)]


def _answers(*more: Any) -> Select[Any]:
    d = decisions.c
    columns = (d.id, d.client_id, d.at, d.answer, d.propensity, d.algorithm, d.variant)
    return select(*columns, *more).where(d.slot == SLOT, d.role == "live")


def _shown(row: Row[Any], body: bytes | None) -> Shown:
    asked = None if body is None else SessionQuestion.model_validate_json(zlib.decompress(body))
    chance = row.propensity if row.propensity and row.variant in {row.algorithm, BUILT_IN} else 0.0
    return Shown(row.id, row.client_id, row.at, tuple(row.answer["items"]), asked, chance)
