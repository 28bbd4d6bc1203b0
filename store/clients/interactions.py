"""Interactions of clients with items: of one client for a ranking, and of all clients for training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final

import numpy as np
from sqlalchemy import BindParameter, Connection, Select, bindparam, case, select

from domain.consent import is_personal
from domain.histories import SIGNAL, ClientSignals, Interaction, Quiz, WeightedInteractions
from errors import NotFound
from models.base import ClientId
from store.clients.purposes import not_refused
from store.sql.bulk import give, match_given
from store.sql.epoch import epoch
from store.sql.types import UtcTime
from store.tables import clients, events

BATCH: Final = 50_000
_TYPES: Final = (set(SIGNAL) - {"fix_kept", "fix_sent_back"}) | {"fix_feedback"}


def load_signals(connection: Connection, client_id: str, now: datetime) -> ClientSignals:
    """Load what a ranking may know of one client, up to `now`, in two short statements. Raises NotFound."""
    parameters = {"client": client_id, "until": now}
    row = connection.execute(_CLIENT_QUERY, parameters).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
    rows = connection.execute(_CLIENT_INTERACTIONS_QUERY, parameters)
    touches = [Interaction(item, kind, at, quantity or 1) for _, item, at, quantity, kind in _iterate_kinds(rows)]
    return _build_signals(row, tuple(touches))


def load_many_signals(
    connection: Connection, client_ids: Iterable[ClientId], now: datetime
) -> dict[ClientId, ClientSignals]:
    """Load the signals of many clients, up to `now`, in two statements; unknown ids are left out."""
    parameters = give(connection, client_ids) | {"until": now}
    dialect = connection.dialect.name
    touches: dict[ClientId, list[Interaction]] = {}
    rows = connection.execute(_build_interactions_of_many(dialect), parameters)
    for client_id, item, at, quantity, kind in _iterate_kinds(rows):
        touches.setdefault(client_id, []).append(Interaction(item, kind, at, quantity or 1))
    descriptions = connection.execute(_build_descriptions_of_many(dialect), parameters)
    return {row.client_id: _build_signals(row, tuple(touches.get(row.client_id, ()))) for row in descriptions}


def load_descriptions(connection: Connection) -> dict[str, ClientSignals]:
    """Load what is known of each client, without what they did."""
    rows = connection.execute(_descriptions_query(), execution_options={"yield_per": BATCH})
    return {row.client_id: _build_signals(row, ()) for row in rows}


def load_interactions(connection: Connection, since: datetime | None, until: datetime) -> WeightedInteractions:
    """Load all clients' interactions up to `until` in batches, but those of clients who refuse that; each id is stored
    once."""
    people: dict[str, int] = {}
    things: dict[str, int] = {}
    client, item, weight, at = [], [], [], []
    query = _interactions_query(since, until).where(not_refused(events.c.client_id))
    rows = connection.execute(query, execution_options={"yield_per": BATCH})
    for who, what, when, _, kind in _iterate_kinds(rows):
        client.append(people.setdefault(who, len(people)))
        item.append(things.setdefault(what, len(things)))
        weight.append(SIGNAL[kind])
        at.append(when)
    indices = (np.array(client, np.int64), np.array(item, np.int64))
    return WeightedInteractions(
        tuple(people), tuple(things), *indices, np.array(weight, np.float64), np.array(at, np.float64)
    )


def _descriptions_query() -> Select[Any]:
    c = clients.c
    return select(c.client_id, c.sizes, c.tags, c.time_zone, c.quiz, c.purposes)


def load_quiz(connection: Connection, client_id: str) -> Quiz:
    """Load what the client answered last; empty where they did not."""
    return _build_quiz(connection.scalar(select(clients.c.quiz).where(clients.c.client_id == client_id)))


def _build_quiz(stored: Any) -> Quiz:
    quiz = stored or {}
    answers = {name: tuple(quiz.get(name) or ()) for name in ("styles", "colours", "categories", "sizes")}
    return Quiz(**answers, budget_cents=quiz.get("budget_cents"))


def _build_signals(row: Any, touches: tuple[Interaction, ...]) -> ClientSignals:
    return ClientSignals(
        client_id=row.client_id,
        sizes=tuple(row.sizes or ()),
        tags=tuple(row.tags or ()),
        time_zone=row.time_zone,
        quiz=_build_quiz(row.quiz),
        touches=touches,
        personal=is_personal(row.purposes or {}),
    )


def _interactions_query(since: datetime | None, until: datetime | BindParameter[datetime]) -> Select[Any]:
    e = events.c
    flag = case(
        (e.type == "fix_feedback", e.data["kept"].as_boolean()),
        (e.type == "email_clicked", e.data["machine"].as_boolean()),
    )
    query = select(e.client_id, e.type, e.item_id, epoch(e.occurred_at), e.quantity, flag).where(
        e.item_id.is_not(None), e.type.in_(sorted(_TYPES)), e.occurred_at <= until
    )
    return query if since is None else query.where(e.occurred_at >= since)


def _iterate_kinds(rows: Any) -> Iterator[tuple[str, str, float, int | None, str]]:
    """Iterate over (client, item, moment, quantity, kind as in SIGNAL), leaving out clicks of machines."""
    for client_id, type_, item_id, at, quantity, flag in rows:
        if type_ == "fix_feedback":
            yield client_id, item_id, at, quantity, "fix_kept" if flag else "fix_sent_back"
        elif type_ != "email_clicked" or not flag:
            yield client_id, item_id, at, quantity, type_


@cache
def _build_descriptions_of_many(dialect: str) -> Select[Any]:
    return _descriptions_query().where(match_given(dialect, clients.c.client_id))


@cache
def _build_interactions_of_many(dialect: str) -> Select[Any]:
    query = _interactions_query(None, bindparam("until", type_=UtcTime()))
    return query.where(match_given(dialect, events.c.client_id))


# Built once: they run for every mail, and building them would take as long as running them.
_CLIENT_QUERY: Final = _descriptions_query().where(clients.c.client_id == bindparam("client"))
_CLIENT_INTERACTIONS_QUERY: Final = _interactions_query(None, bindparam("until", type_=UtcTime())).where(
    events.c.client_id == bindparam("client")
)
