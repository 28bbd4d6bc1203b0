"""The ledger, many mails in one statement: what `store.mail.ledger` does with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, Integer, Select, bindparam, insert, select, update

from domain.outreach import SETTLED, list_sources
from domain.planning import MailStart
from models.base import ClientId
from models.states import EnrolmentState, OutreachState, Phase
from models.webhooks import Announcement, WebhookType
from store.experiments.assignments import save_assignments
from store.experiments.exposures import build_text_assignment, save_mail_exposures
from store.mail.ledger import FINISH_ENROLMENT, LedgerRow, PlannedMail
from store.sql.bulk import give, match_given
from store.tables import outreach_steps, outreaches
from store.webhooks.announcements import push_messages

MailKey = tuple[ClientId, int]
_o: Final = outreaches.c


class NewMail(NamedTuple):
    """A mail to begin. `lease_until`: real time after which the client's own workflow may go on with it."""

    client_id: ClientId
    n: int
    start: MailStart
    assessment_id: str
    score: float
    phase: Phase
    lease_until: datetime


class MailMove(NamedTuple):
    """A mail to move. `token`: who must still own it, None: nobody; `values`: further columns, the same in all moves of
    one call."""

    client_id: ClientId
    n: int
    code: str = ""
    token: str | None = None
    values: Mapping[str, Any] = {}


def begin_mails(connection: Connection, mails: Sequence[NewMail], now: datetime) -> None:
    """Add mails that are not written yet. The keys of the table refuse a number or a trigger that has a mail."""
    if not mails:
        return
    rows = [
        {
            "client_id": mail.client_id,
            "n": mail.n,
            "reason_key": mail.start.key,
            "kind": mail.start.kind,
            "campaign": mail.start.campaign,
            "assessment_id": mail.assessment_id,
            "score": mail.score,
            "phase": mail.phase,
            "priority": mail.start.priority,
            "state": OutreachState.BRIEFED,
            "created_at": now,
            "updated_at": now,
            "offer": mail.start.offer,
            "content": mail.start.content.model_dump(mode="json", exclude_defaults=True)
            if mail.start.content
            else None,
            "lease_until": mail.lease_until,
        }
        for mail in mails
    ]
    connection.execute(insert(outreaches), rows)
    texts = [row for mail in mails for row in build_text_assignment(mail.client_id, mail.start.content, now)]
    save_assignments(connection, texts)
    _save_steps(connection, [(mail.client_id, mail.n, "") for mail in mails], OutreachState.BRIEFED, now)


def move_mails(
    connection: Connection,
    moves: Sequence[MailMove],
    to: OutreachState,
    now: datetime,
    source: OutreachState | None = None,
) -> set[MailKey]:
    """Move mails, each named once, to `to` where the state of each allows that, is `source` where that is given, and
    its token still owns it; return which moved."""
    if not moves:
        return set()
    allowed = list_sources(to)
    states = [state for state in allowed if source in (None, state)]
    owners = _lock(connection, [(move.client_id, move.n) for move in moves], sorted(states))
    movable = [m for m in moves if (m.client_id, m.n) in owners and m.token in (None, owners[m.client_id, m.n])]
    if not movable:
        return set()
    of_mail = (_o.client_id == bindparam("client"), _o.n == bindparam("mail", type_=Integer))
    rows = [
        {"client": m.client_id, "mail": m.n, "state": to, "code": m.code, "updated_at": now, **m.values}
        for m in movable
    ]
    connection.execute(update(outreaches).where(*of_mail), rows)
    _save_steps(connection, [(m.client_id, m.n, m.code) for m in movable], to, now)
    if to is OutreachState.SENT:
        told = [Announcement(WebhookType.MAIL_SENT, now, {}, m.client_id, m.n) for m in movable]
        push_messages(connection, told)
        save_mail_exposures(connection, [(m.client_id, m.n) for m in movable], now)
    if to in SETTLED:
        done = {"state": EnrolmentState.COMPLETED, "at": now}
        rows = [{"client": m.client_id, "mail": m.n, "code": m.code, **done} for m in movable]
        connection.execute(FINISH_ENROLMENT, rows)
    return {(m.client_id, m.n) for m in movable}


def _lock(
    connection: Connection, keys: Collection[MailKey], states: Collection[OutreachState]
) -> dict[MailKey, str | None]:
    """Lock those of these mails that are in these states, in one order for all writers; return who owns each."""
    wanted = set(keys)
    given = give(connection, sorted({client_id for client_id, _ in wanted}))
    given |= {"numbers": sorted({n for _, n in wanted}), "states": list(states)}
    rows = connection.execute(_select_movable(connection.dialect.name), given)
    return {(row.client_id, row.n): row.token for row in rows if (row.client_id, row.n) in wanted}


@cache  # building it takes longer than running it
def _select_movable(dialect: str) -> Select[Any]:
    numbers = bindparam("numbers", expanding=True, type_=Integer)
    states: BindParameter[Any] = bindparam("states", expanding=True)
    of_mails = match_given(dialect, _o.client_id) & _o.n.in_(numbers) & _o.state.in_(states)
    query = select(_o.client_id, _o.n, _o.token).where(of_mails)
    return query.order_by(_o.client_id, _o.n).with_for_update()


def load_mails(connection: Connection, keys: Collection[MailKey]) -> list[LedgerRow]:
    """Load these mails, whole; those that are gone are left out."""
    wanted = set(keys)
    query = select(*LedgerRow.list_columns(outreaches)).where(match_given(connection.dialect.name, _o.client_id))
    rows = connection.execute(query, give(connection, {client_id for client_id, _ in wanted}))
    found = (LedgerRow.from_row(row) for row in rows if (row.client_id, row.n) in wanted)
    return sorted(found, key=lambda row: (row.client_id, row.n))


def load_owners(connection: Connection, keys: Collection[MailKey]) -> dict[MailKey, tuple[OutreachState, str | None]]:
    """Load the states of these mails and the token of the attempt that owns each; lock them until the transaction
    ends."""
    wanted = set(keys)
    given = give(connection, sorted({client_id for client_id, _ in wanted}))
    given |= {"numbers": sorted({n for _, n in wanted})}
    rows = connection.execute(_select_owners(connection.dialect.name), given)
    found = {(row.client_id, row.n): (OutreachState(row.state), row.token) for row in rows}
    return {key: owner for key, owner in found.items() if key in wanted}


@cache  # building it takes longer than running it
def _select_owners(dialect: str) -> Select[Any]:
    numbers = bindparam("numbers", expanding=True, type_=Integer)
    query = select(_o.client_id, _o.n, _o.state, _o.token)
    query = query.where(match_given(dialect, _o.client_id) & _o.n.in_(numbers))
    return query.order_by(_o.client_id, _o.n).with_for_update()


def load_states(connection: Connection, keys: Collection[MailKey]) -> dict[MailKey, OutreachState]:
    """Load the states of these mails."""
    wanted = set(keys)
    query = select(_o.client_id, _o.n, _o.state).where(match_given(connection.dialect.name, _o.client_id))
    rows = connection.execute(query, give(connection, {client_id for client_id, _ in wanted}))
    return {(row.client_id, row.n): OutreachState(row.state) for row in rows if (row.client_id, row.n) in wanted}


def load_planned(connection: Connection, client_ids: Collection[ClientId]) -> dict[ClientId, list[PlannedMail]]:
    """Load what a plan reads of the mails of these clients, oldest first."""
    query = select(_o.client_id, *PlannedMail.list_columns(outreaches))
    query = query.where(match_given(connection.dialect.name, _o.client_id)).order_by(_o.client_id, _o.n)
    found: dict[ClientId, list[PlannedMail]] = {client_id: [] for client_id in client_ids}
    for row in connection.execute(query, give(connection, client_ids)):
        found[row.client_id].append(PlannedMail.from_row(row))
    return found


def _save_steps(
    connection: Connection, mails: Sequence[tuple[ClientId, int, str]], state: OutreachState, now: datetime
) -> None:
    steps = [{"client_id": client, "n": n, "at": now, "state": state, "code": code} for client, n, code in mails]
    connection.execute(insert(outreach_steps), steps)
