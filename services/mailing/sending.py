"""The steps of sending one mail on the ledger: claim it, pass the send gate, settle it.

The token taken with the claim fences out an older attempt that may still run: only its owner can move the row on. A row
found in `data` belongs to an attempt that may have sent it; when that attempt can no longer be alive, the row is
`unknown` and is never sent again. Each function runs in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from domain.eligibility import SendDecision
from errors import InFlight, MailFault
from mail.message import Envelope, EnvelopeBuilder
from models.clock import Clock
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services import metrics
from services.context import ServiceContext
from services.mailing import send_gate
from services.mailing.outreach_steps import build_step_result, require_client, require_outreach
from store.catalogue import catalogue
from store.mail import ledger, suppressions
from store.mail.ledger import LedgerRow

TOO_LATE: Final = timedelta(days=7)
"""Business time. A mail that could not be sent for so long is too late."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that this attempt owns, as it was when it was claimed."""

    token: str
    row: LedgerRow
    envelope: Envelope


def claim_mail(
    context: ServiceContext, post: EnvelopeBuilder, connection: Connection, step: OutreachStep
) -> StepDone | Claim:
    """Take the mail, unless it is settled, not due, turned away, or may still be in another attempt's hands.

    Raises InFlight while another attempt may be sending it.
    """
    clock, now = context.load_business_time(connection, step.at)
    row = require_outreach(connection, step.client_id, step.n)
    if row.state is OutreachState.DATA:
        if row.lease_until and context.resolve_real_time(step.at) < row.lease_until:
            raise InFlight("another attempt may be sending this mail")
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.UNKNOWN, now, code="lost_in_data")
        metrics.mails.labels(outcome=OutreachState.UNKNOWN).inc()
        return _load_result(connection, step, clock)
    if row.state not in (OutreachState.SCHEDULED, OutreachState.CLAIMED) or (row.send_at and now < row.send_at):
        return build_step_result(row, clock)
    if row.send_at and now - row.send_at > TOO_LATE:
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="too_late")
        return _load_result(connection, step, clock)
    answer = send_gate.decide_sending(context, connection, row, now)
    if answer.door is not SendDecision.OPEN:
        send_gate.turn_away(connection, row, answer, now)
        return _load_result(connection, step, clock)
    return _take(post, connection, row, now)


def _take(post: EnvelopeBuilder, connection: Connection, row: LedgerRow, now: datetime) -> Claim:
    draft = EmailDraft.model_validate(row.draft)
    client = require_client(connection, row.client_id)
    items = catalogue.load_items(connection, [blurb.item_id for blurb in draft.items])
    envelope = post.build(client, Brief.model_validate(row.brief), draft, items, now)
    owner = {"token": uuid4().hex, "message_id": envelope.message_id}
    ledger.move_mail(connection, row.client_id, row.n, OutreachState.CLAIMED, now, values=owner)
    return Claim(owner["token"], row, envelope)


def pass_send_gate(
    context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim, in_data: timedelta
) -> bool:
    """Move the mail to `data`, for at most `in_data` of real time: the one commit between RCPT and DATA. False:
    withhold the mail."""
    _, now = context.load_business_time(connection, step.at)
    if not ledger.is_claimed(connection, step.client_id, step.n, claim.token):
        return False
    # What the claim read of the row, its campaign and its items, cannot change while it is claimed.
    answer = send_gate.decide_sending(context, connection, claim.row, now)
    if answer.door is not SendDecision.OPEN:
        send_gate.turn_away(connection, claim.row, answer, now, claim.token)
        return False
    lease = {"lease_until": context.resolve_real_time(step.at) + in_data}
    return ledger.move_mail(
        connection, step.client_id, step.n, OutreachState.DATA, now, token=claim.token, values=lease
    )


def settle_accepted(context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim) -> StepDone:
    """Move a mail that the server accepted to `sent`."""
    clock, now = context.load_business_time(connection, step.at)
    sent = {"sent_at": now}
    if ledger.move_mail(connection, step.client_id, step.n, OutreachState.SENT, now, token=claim.token, values=sent):
        return StepDone(state=OutreachState.SENT, clock=clock, next_at=claim.row.send_at)
    return _load_result(connection, step, clock)


def settle_withheld(context: ServiceContext, connection: Connection, step: OutreachStep) -> StepDone:
    """Return where the send gate left a mail that was withheld."""
    clock, _ = context.load_business_time(connection, step.at)
    return _load_result(connection, step, clock)


def settle_fault(
    context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim, fault: MailFault
) -> StepDone:
    """Move the mail as the fault requires; `scheduled` asks for another try."""
    clock, now = context.load_business_time(connection, step.at)
    to = OutreachState.FAILED
    if fault.stage == "unknown":
        to = OutreachState.UNKNOWN
    elif not fault.permanent:  # its send time stays, so that it is too late one day
        to = OutreachState.SCHEDULED
    ledger.move_mail(connection, step.client_id, step.n, to, now, code=fault.code, token=claim.token)
    if to is OutreachState.FAILED and fault.no_such_mailbox:
        email = require_client(connection, step.client_id).email
        suppressions.suppress_addresses(connection, context.settings.keys.signing, {email: ("hard_bounce", now)})
    return _load_result(connection, step, clock)


def _load_result(connection: Connection, step: OutreachStep, clock: Clock) -> StepDone:
    return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
