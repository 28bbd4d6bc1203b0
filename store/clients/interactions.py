"""Who touched which item: one client's signals for a ranking, and everybody's for training."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import BindParameter, Connection, Select, bindparam, case, select

from domain.histories import SIGNAL, ClientSignals, Interaction, Interactions, Quiz
from errors import NotFound
from store.sql.epoch import epoch
from store.sql.types import UtcTime
from store.tables import clients, events

BATCH: Final = 50_000
_TYPES: Final = (set(SIGNAL) - {"fix_kept", "fix_sent_back"}) | {"fix_feedback"}


def signals(connection: Connection, client_id: str, now: datetime) -> ClientSignals:
    """What a ranking may know of one client, up to `now`. Raises NotFound. Two short statements."""
    asked = {"client": client_id, "until": now}
    row = connection.execute(_ONE_DESCRIBED, asked).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
    found = connection.execute(_ONES_TOUCHES, asked)
    touches = [Interaction(item, kind, at, quantity or 1) for _, item, at, quantity, kind in _kinds(found)]
    return _signals(row, tuple(touches))


def described(connection: Connection) -> dict[str, ClientSignals]:
    """Every client as far as they are described, without what they did."""
    found = connection.execute(_described(), execution_options={"yield_per": BATCH})
    return {row.client_id: _signals(row, ()) for row in found}


def between(connection: Connection, since: datetime | None, until: datetime) -> Interactions:
    """Everybody's touches up to `until`, read in batches; ids are kept once."""
    people: dict[str, int] = {}
    things: dict[str, int] = {}
    client, item, weight, at = [], [], [], []
    found = connection.execute(_touches(since, until), execution_options={"yield_per": BATCH})
    for who, what, when, _, kind in _kinds(found):
        client.append(people.setdefault(who, len(people)))
        item.append(things.setdefault(what, len(things)))
        weight.append(SIGNAL[kind])
        at.append(when)
    places = (np.array(client, np.int64), np.array(item, np.int64))
    return Interactions(tuple(people), tuple(things), *places, np.array(weight, np.float64), np.array(at, np.float64))


def _described() -> Select[Any]:
    c = clients.c
    return select(c.client_id, c.sizes, c.tags, c.time_zone, c.quiz)


def _signals(row: Any, touches: tuple[Interaction, ...]) -> ClientSignals:
    quiz = row.quiz or {}
    said = {name: tuple(quiz.get(name) or ()) for name in ("styles", "colours", "categories", "sizes")}
    return ClientSignals(
        client_id=row.client_id,
        sizes=tuple(row.sizes or ()),
        tags=tuple(row.tags or ()),
        time_zone=row.time_zone,
        quiz=Quiz(**said, budget_cents=quiz.get("budget_cents")),
        touches=touches,
    )


def _touches(since: datetime | None, until: datetime | BindParameter[datetime]) -> Select[Any]:
    e = events.c
    flag = case(
        (e.type == "fix_feedback", e.data["kept"].as_boolean()),
        (e.type == "email_clicked", e.data["machine"].as_boolean()),
    )
    query = select(e.client_id, e.type, e.item_id, epoch(e.occurred_at), e.quantity, flag).where(
        e.item_id.is_not(None), e.type.in_(sorted(_TYPES)), e.occurred_at <= until
    )
    return query if since is None else query.where(e.occurred_at >= since)


def _kinds(found: Any) -> Iterator[tuple[str, str, float, int | None, str]]:
    """(client, item, moment, quantity, kind as in SIGNAL); clicks of machines are passed over."""
    for client_id, type_, item_id, at, quantity, flag in found:
        if type_ == "fix_feedback":
            yield client_id, item_id, at, quantity, "fix_kept" if flag else "fix_sent_back"
        elif type_ != "email_clicked" or not flag:
            yield client_id, item_id, at, quantity, type_


# Put together once: on the way of every mail, building them would take as long as running them.
_ONE_DESCRIBED: Final = _described().where(clients.c.client_id == bindparam("client"))
_ONES_TOUCHES: Final = _touches(None, bindparam("until", type_=UtcTime())).where(
    events.c.client_id == bindparam("client")
)
