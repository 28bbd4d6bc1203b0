"""Answers of the slot `session`, their questions, and what clients did with the items shown."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from domain.sessions import REWARDED_KINDS, SessionAction, SessionImpression
from models.slot_policies import BUILT_IN
from models.slots import SessionQuestion
from store.sql.bulk import among
from store.tables import decisions, events, questions

SLOT = "session"


def load_answers(
    connection: Connection, after: tuple[datetime, str], until: datetime, most: int
) -> list[SessionImpression]:
    """Load the next answers after (moment, id) up to `until`, oldest first, with their questions as far as they are
    stored."""
    d, (at, id_) = decisions.c, after
    query = (
        _answers_query(questions.c.body)
        .outerjoin(questions, questions.c.digest == d.question)
        .where(or_(d.at > at, d.id > id_), d.at >= at, d.at <= until)  # two bounds, or an index is read from its start
    )
    return [_parse_answer(row, row.body) for row in connection.execute(query.order_by(d.at, d.id).limit(most))]


def load_client_answers(
    connection: Connection, clients: Iterable[str], since: datetime, until: datetime
) -> list[SessionImpression]:
    """Load everything these clients were shown after `since`, up to `until`."""
    d = decisions.c
    query = _answers_query().where(d.at > since, d.at <= until, among(connection, d.client_id, clients))
    return [_parse_answer(row, None) for row in connection.execute(query)]


def load_responses(
    connection: Connection, clients: Iterable[str], since: datetime, until: datetime
) -> list[SessionAction]:
    """Load what these clients did with items in that time."""
    e = events.c
    query = select(e.client_id, e.item_id, e.type, e.occurred_at).where(
        e.type.in_(REWARDED_KINDS),
        e.item_id.is_not(None),
        e.occurred_at >= since,
        e.occurred_at <= until,
        among(connection, e.client_id, clients),
    )
    return [SessionAction(*row) for row in connection.execute(query)]


def _answers_query(*more: Any) -> Select[Any]:
    d = decisions.c
    columns = (d.id, d.client_id, d.at, d.answer, d.propensity, d.algorithm, d.variant)
    return select(*columns, *more).where(d.slot == SLOT, d.role == "live")


def _parse_answer(row: Row[Any], body: bytes | None) -> SessionImpression:
    question = None if body is None else SessionQuestion.model_validate_json(zlib.decompress(body))
    chance = row.propensity if row.propensity and row.variant in {row.algorithm, BUILT_IN} else 0.0
    return SessionImpression(row.id, row.client_id, row.at, tuple(row.answer["items"]), question, chance)
