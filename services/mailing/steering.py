"""Carry out on the ledger what people do to a mail on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from domain import permissions
from domain.grounding import compute_digest
from domain.outreach import PAUSED_BY_ITSELF
from domain.permissions import Action
from domain.timing import MailRules, find_next_open, load_zone
from errors import InFlight
from models.actors import Actor, Subject, SubjectKind
from models.drafts import DraftVerdict
from models.outreach import Conclusion, OutreachStep
from models.states import OutreachState, Overdue
from store.activity import write_activity
from store.clients import clients
from store.mail import drafts, ledger
from store.mail.ledger import LedgerRow

STALE = timedelta(days=14)
"""Business time. A mail that waited longer is stale, whatever the resume asks for."""


ACTIONS: Final[Mapping[str, Action]] = {
    "approved_by_person": Action.DECIDE_MAIL,
    "rejected_by_person": Action.DECIDE_MAIL,
    "cancelled": Action.STEER_MAIL,
    "adjusted": Action.STEER_MAIL,
    PAUSED_BY_ITSELF: Action.STEER_MAIL,
}
"""What people ask, by the code of the conclusion; the workflow concludes others by itself."""


def conclude_mail(
    rules: MailRules,
    connection: Connection,
    actor: Actor,
    conclusion: Conclusion,
    now: datetime,
    real_now: datetime,
) -> LedgerRow:
    """Move the mail as asked, if its state allows it, put what a person asked on record, and return its row.

    Raises NotAllowed; InFlight while it is with the mail server: only the answer tells whether there is anything left
    to move.
    """
    action = ACTIONS.get(conclusion.code)
    if action is not None:
        permissions.require(actor, action)
    decides = action is Action.DECIDE_MAIL
    values: dict[str, Any] = {}
    if conclusion.to is OutreachState.SCHEDULED:
        zone = load_zone(clients.require_client(connection, conclusion.client_id).time_zone)
        values["send_at"] = find_next_open(rules, zone, max(conclusion.send_at or now, now))
    if conclusion.edit_id is not None:
        ledger.use_edit(connection, conclusion.client_id, conclusion.n, conclusion.edit_id)
        edited = ledger.require_mail(connection, conclusion.client_id, conclusion.n)
        values["digest"] = compute_digest(edited.draft or {}, edited.brief or {})
    moved = ledger.move_mail(
        connection,
        conclusion.client_id,
        conclusion.n,
        conclusion.to,
        now,
        code=conclusion.code,
        values=values,
        barred=OutreachState.DATA,
        source=OutreachState.AWAITING_PERSON if decides else None,
    )
    row = ledger.require_mail(connection, conclusion.client_id, conclusion.n)
    if row.state == OutreachState.DATA:
        raise InFlight("this mail is with the mail server")
    if moved and decides:
        _settle_draft(connection, actor, conclusion, now)
    if moved and action is not None:
        mail_id = f"{conclusion.client_id}/{conclusion.n}"
        subject = Subject(kind=SubjectKind.MAIL, id=mail_id, client_id=conclusion.client_id)
        write_activity(connection, actor, action, subject, now, real_now, {"code": conclusion.code})
    return row


def _settle_draft(connection: Connection, actor: Actor, conclusion: Conclusion, now: datetime) -> None:
    verdict = DraftVerdict.REJECT if conclusion.to is OutreachState.REJECTED else DraftVerdict.APPROVE
    by = conclusion.by or actor.who
    drafts.settle_draft(connection, conclusion.client_id, conclusion.n, verdict, by, now)


def unpark_mail(rules: MailRules, connection: Connection, step: OutreachStep, now: datetime) -> LedgerRow:
    """Let a parked mail queue again as it is, have it written afresh, or let it expire; return its row."""
    row = ledger.require_mail(connection, step.client_id, step.n)
    if row.state is not OutreachState.PARKED:
        return row
    overdue, late = step.overdue, row.send_at is not None and row.send_at < now
    if overdue is Overdue.EXPIRE and late:
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="overdue")
    elif overdue is Overdue.REPLAN and late and now - row.created_at > STALE:
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="stale")
    elif overdue is Overdue.REPLAN and late:
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.BRIEFED, now, code="replanned")
    else:
        zone = load_zone(clients.require_client(connection, row.client_id).time_zone)
        at = find_next_open(rules, zone, max(now, row.send_at or now))
        ledger.move_mail(
            connection,
            row.client_id,
            row.n,
            OutreachState.SCHEDULED,
            now,
            code="unparked",
            values={"send_at": at},
        )
    return ledger.require_mail(connection, step.client_id, step.n)
