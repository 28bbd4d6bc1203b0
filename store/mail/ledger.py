"""The ledger: one row for each mail, moved only by conditional updates, so that each mail ends in exactly one state.

`intent -> claimed (token, lease) -> data -> sent | failed | unknown`. `claimed -> data` is one commit, made after RCPT
was accepted and right before DATA, which reads everything again that could forbid the mail. A row left in `data` by a
dead worker becomes `unknown`: SMTP cannot say whether it went, so it is not sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domain.outreach import IN_TURN, SETTLED, list_sources
from domain.planning import MailStart
from errors import NotFound
from models.base import ClientId
from models.states import EnrolmentState, OutreachState, Phase
from store.tables import edits, enrolments, outreach_steps, outreaches, standings

LedgerRow = Row[Any]
"""A row of `outreaches`."""


def allocate_mail(
    connection: Connection,
    client_id: ClientId,
    start: MailStart,
    *,
    assessment_id: str,
    score: float,
    phase: Phase,
    now: datetime,
) -> int:
    """Allocate the number of the mail for this trigger; asking again returns the same number.

    Numbers come from the client's row in `standings` and never restart.
    """
    existing = connection.scalar(
        select(outreaches.c.n).where(outreaches.c.client_id == client_id, outreaches.c.reason_key == start.key)
    )
    if existing is not None:
        return int(existing)
    n = connection.scalar(
        update(standings)
        .where(standings.c.client_id == client_id)
        .values(next_n=standings.c.next_n + 1)
        .returning(standings.c.next_n)
    )
    n = int(n or 0) - 1
    connection.execute(
        insert(outreaches).values(
            client_id=client_id,
            n=n,
            reason_key=start.key,
            kind=start.kind,
            campaign=start.campaign,
            assessment_id=assessment_id,
            score=score,
            phase=phase,
            priority=start.priority,
            state=OutreachState.BRIEFED,
            created_at=now,
            updated_at=now,
        )
    )
    _save_step(connection, client_id, n, OutreachState.BRIEFED, "", now)
    return n


def load_mail(connection: Connection, client_id: ClientId, n: int) -> LedgerRow | None:
    """Load the row of one mail; None if there is none."""
    return connection.execute(
        select(outreaches).where(outreaches.c.client_id == client_id, outreaches.c.n == n)
    ).one_or_none()


def move_mail(
    connection: Connection,
    client_id: ClientId,
    n: int,
    to: OutreachState,
    now: datetime,
    *,
    code: str = "",
    token: str | None = None,
    values: Mapping[str, Any] | None = None,
    barred: OutreachState | None = None,
) -> bool:
    """Move a mail to `to` if its state allows that step, is not `barred`, and `token`, when given, still owns it;
    return whether it moved."""
    statement = (
        update(outreaches)
        .where(
            outreaches.c.client_id == client_id,
            outreaches.c.n == n,
            outreaches.c.state.in_(list_sources(to) - {barred}),
        )
        .values(state=to, code=code, updated_at=now, **(values or {}))
    )
    if token is not None:
        statement = statement.where(outreaches.c.token == token)
    moved = connection.execute(statement).rowcount == 1
    if moved:
        _save_step(connection, client_id, n, to, code, now)
        if to in SETTLED:
            _finish_enrolment(connection, client_id, n, code, now)
    return moved


def use_edit(connection: Connection, client_id: ClientId, n: int, edit_id: str) -> None:
    """Replace the draft by a person's edit that was saved before."""
    edit = connection.scalar(
        select(edits.c.draft).where(edits.c.id == edit_id, edits.c.client_id == client_id, edits.c.n == n)
    )
    if edit is None:
        raise NotFound("no such edit of this mail", "edit_id")
    connection.execute(
        update(outreaches)
        .where(outreaches.c.client_id == client_id, outreaches.c.n == n)
        .values(draft=edit, composed_by="person")
    )


def load_client_mails(connection: Connection, client_id: ClientId) -> list[LedgerRow]:
    """Load each mail of a client, oldest first: enough to plan, nothing personal."""
    o = outreaches.c
    columns = (o.n, o.reason_key, o.kind, o.campaign, o.state, o.code, o.epoch, o.priority, o.overdue)
    times = (o.created_at, o.updated_at)
    return list(connection.execute(select(*columns, *times).where(o.client_id == client_id).order_by(o.n)))


def find_in_turn(rows: Iterable[LedgerRow]) -> LedgerRow | None:
    """Find the mail that has the client's turn."""
    return next((row for row in rows if row.state in IN_TURN), None)


def _save_step(
    connection: Connection, client_id: ClientId, n: int, state: OutreachState, code: str, now: datetime
) -> None:
    connection.execute(insert(outreach_steps).values(client_id=client_id, n=n, at=now, state=state, code=code))


def _finish_enrolment(connection: Connection, client_id: ClientId, n: int, code: str, now: datetime) -> None:
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, enrolments.c.n == n, enrolments.c.state == EnrolmentState.QUEUED)
        .values(state=EnrolmentState.DONE, code=code, at=now)
    )
