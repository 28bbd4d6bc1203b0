"""The ledger: one row for each mail, moved only by conditional updates, so that each mail ends in exactly one state.

`intent -> claimed (token, lease) -> data -> sent | failed | unknown`. `claimed -> data` is one commit, made after RCPT
was accepted and right before DATA, which reads everything again that could forbid the mail. A row left in `data` by a
dead worker becomes `unknown`: SMTP cannot say whether it went, so it is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from domain.outreach import SETTLED, ClientMail, list_sources
from domain.planning import MailStart
from domain.states import ENROLMENT
from errors import NotFound
from models.base import ClientId
from models.states import EnrolmentState, OutreachState, Phase
from store.sql.records import Record
from store.tables import edits, enrolments, outreach_steps, outreaches


@dataclass(frozen=True, slots=True)
class PlannedMail(ClientMail, Record):
    """What a plan reads of one mail."""


@dataclass(frozen=True, slots=True)
class LedgerRow(PlannedMail):
    """One mail, whole."""

    client_id: ClientId
    assessment_id: str
    score: float
    phase: Phase
    send_at: datetime | None
    token: str | None
    lease_until: datetime | None
    """Real time."""
    message_id: str | None
    composed_by: str | None
    prompt_version: str | None
    brief: dict[str, Any] | None
    draft: dict[str, Any] | None
    picks: list[dict[str, Any]] | None
    review: dict[str, Any] | None
    attempt: int


_MAIL: Final = select(*LedgerRow.list_columns(outreaches))
_PLANNED: Final = (
    select(*PlannedMail.list_columns(outreaches))
    .where(outreaches.c.client_id == bindparam("client"))
    .order_by(outreaches.c.n)
)


def begin_mail(
    connection: Connection,
    client_id: ClientId,
    n: int,
    start: MailStart,
    *,
    assessment_id: str,
    score: float,
    phase: Phase,
    now: datetime,
) -> None:
    """Add the client's mail number `n`, which is not written yet. The keys of the table refuse a number or a trigger
    that has a mail already."""
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


def load_mail(connection: Connection, client_id: ClientId, n: int) -> LedgerRow | None:
    """Load the row of one mail; None if there is none."""
    row = connection.execute(_MAIL.where(outreaches.c.client_id == client_id, outreaches.c.n == n)).one_or_none()
    return None if row is None else LedgerRow.from_row(row)


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


def load_client_mails(connection: Connection, client_id: ClientId) -> list[PlannedMail]:
    """Load each mail of a client, oldest first."""
    return [PlannedMail.from_row(row) for row in connection.execute(_PLANNED, {"client": client_id})]


def _save_step(
    connection: Connection, client_id: ClientId, n: int, state: OutreachState, code: str, now: datetime
) -> None:
    connection.execute(insert(outreach_steps).values(client_id=client_id, n=n, at=now, state=state, code=code))


def _finish_enrolment(connection: Connection, client_id: ClientId, n: int, code: str, now: datetime) -> None:
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, enrolments.c.n == n)
        .where(enrolments.c.state.in_(ENROLMENT.list_sources(EnrolmentState.DONE)))
        .values(state=EnrolmentState.DONE, code=code, at=now)
    )
