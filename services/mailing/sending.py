"""The steps of sending one mail on the ledger: claim it, pass the send gate, settle it.

The token taken with the claim fences out an older attempt that may still run: only its owner can move the row on. A row
found in `data` belongs to an attempt that may have sent it; when that attempt can no longer be alive, the row is
`unknown` and is never sent again. Each function runs in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection

from domain.bounces import MOST_REFUSALS, compute_refusal_wait
from domain.eligibility import Eligibility, SendDecision
from domain.grounding import compute_digest
from errors import InFlight, MailFault
from mail.message import Envelope, EnvelopeBuilder
from models.base import ItemId
from models.catalogue import Item
from models.clients import Client
from models.clock import Clock
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services import metrics
from services.context import ServiceContext
from services.mailing import domain_pace
from services.mailing.gate import decide_sending, list_item_ids
from services.returns import mail_states
from settings import Settings
from store.campaigns import campaigns
from store.catalogue import catalogue
from store.clients import clients
from store.mail import ledger, mailboxes, suppressions
from store.mail.ledger import LedgerRow
from store.offers import grants

TOO_LATE: Final = timedelta(days=7)
"""Business time. A mail that could not be sent for so long is too late."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that this attempt owns, as it was when it was claimed."""

    token: str
    row: LedgerRow
    envelope: Envelope
    mailbox: str
    """Where it goes, as a keyed hash."""

    def build_values(self, items: Mapping[ItemId, Item]) -> dict[str, Any]:
        """Build the columns that a claimed mail has in the ledger. `items` holds each that it shows."""
        ids = list_item_ids(self.row)
        shown = {item_id: items[item_id].model_dump(mode="json", exclude=_NOT_SHOWN) for item_id in ids}
        owner = {"token": self.token, "message_id": self.envelope.message_id, "mailbox": self.mailbox}
        return owner | {"shown": shown}


def compute_lease(settings: Settings) -> timedelta:
    """Compute for how long, in real time, an attempt can be in DATA at most; a row that lay there longer has no
    attempt."""
    return timedelta(seconds=3 * settings.smtp_timeout_s + 5)


def claim_mail(
    context: ServiceContext,
    post: EnvelopeBuilder,
    connection: Connection,
    step: OutreachStep,
    outage: MailFault | None = None,
) -> StepDone | Claim:
    """Take the mail, unless it is settled, not due, turned away, or may still be in another attempt's hands.

    `outage`: why no mail can be handed over now. The mail stays `scheduled` then, with that code. Raises InFlight while
    another attempt may be sending it.
    """
    clock, now = context.load_business_time(connection, step.at)
    row = ledger.require_mail(connection, step.client_id, step.n)
    if row.state is OutreachState.DATA:
        if row.lease_until and context.resolve_real_time(step.at) < row.lease_until:
            raise InFlight("another attempt may be sending this mail")
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.UNKNOWN, now, code="lost_in_data")
        metrics.mails.labels(outcome=OutreachState.UNKNOWN).inc()
        return _load_result(connection, step, clock)
    if row.state not in (OutreachState.SCHEDULED, OutreachState.CLAIMED) or (row.send_at and now < row.send_at):
        return row.build_result(clock)
    if row.send_at and now - row.send_at > TOO_LATE:
        ledger.move_mail(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="too_late")
        return _load_result(connection, step, clock)
    answer = decide_sending(context, connection, row, now)
    if answer.door is not SendDecision.OPEN:
        turn_away(connection, row, answer, now)
        return _load_result(connection, step, clock)
    if context.settings.smtp_url:
        email = clients.require_client(connection, row.client_id).email
        pace = domain_pace.decide_pace(context, connection, email, clock, context.resolve_real_time(step.at))
        if pace is not None:
            turn_away(connection, row, pace, now)
            return _load_result(connection, step, clock)
    if outage is not None:
        if row.state is OutreachState.CLAIMED or row.code != outage.code:
            ledger.move_mail(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, code=outage.code)
        return _load_result(connection, step, clock)
    return _take(context, post, connection, step, row, now)


def _take(
    context: ServiceContext,
    post: EnvelopeBuilder,
    connection: Connection,
    step: OutreachStep,
    row: LedgerRow,
    now: datetime,
) -> StepDone | Claim:
    if row.digest != compute_digest(row.draft or {}, row.brief or {}):
        return _refuse_changed_text(context, connection, step, row, now)
    draft = EmailDraft.model_validate(row.draft)
    client = clients.require_client(connection, row.client_id)
    items = catalogue.load_items(connection, [blurb.item_id for blurb in draft.items])
    claim = build_claim(context, post, row, client, items, now)
    values = claim.build_values(items) | {"lease_until": None}  # no part of a broadcast takes it up
    ledger.move_mail(connection, row.client_id, row.n, OutreachState.CLAIMED, now, values=values)
    return claim


def build_claim(
    context: ServiceContext,
    post: EnvelopeBuilder,
    row: LedgerRow,
    client: Client,
    items: Mapping[ItemId, Item],
    now: datetime,
) -> Claim:
    """Build the mail in `row` as it leaves, with a fresh token. `items` holds each that it shows. Raises BadInput."""
    draft, brief = EmailDraft.model_validate(row.draft), Brief.model_validate(row.brief)
    envelope = post.build(client, brief, draft, items, now, row.campaign)
    return Claim(uuid4().hex, row, envelope, context.hash_mailbox(client.email))


_NOT_SHOWN: Final = {"cost_cents", "season", "sizes", "tags", "sustainability", "added_at"}


def _refuse_changed_text(
    context: ServiceContext, connection: Connection, step: OutreachStep, row: LedgerRow, now: datetime
) -> StepDone:
    """Refuse a text that is not the one that was checked. One from before texts were sealed is written afresh."""
    to = OutreachState.FAILED if row.digest else OutreachState.BRIEFED
    ledger.move_mail(connection, row.client_id, row.n, to, now, code="text_changed" if row.digest else "unsealed")
    clock, _ = context.load_business_time(connection, step.at)
    return _load_result(connection, step, clock)


def pass_send_gate(
    context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim, in_data: timedelta
) -> bool:
    """Move the mail to `data`, for at most `in_data` of real time: the one commit between RCPT and DATA. False:
    withhold the mail."""
    clock, now = context.load_business_time(connection, step.at)
    if not ledger.is_claimed(connection, step.client_id, step.n, claim.token):
        return False
    # What the claim read of the row, its campaign and its items, cannot change while it is claimed.
    answer = decide_sending(context, connection, claim.row, now, claim.mailbox)
    if answer.door is not SendDecision.OPEN:
        turn_away(connection, claim.row, answer, now, claim.token)
        return False
    real_now = context.resolve_real_time(step.at)
    if context.settings.smtp_url:
        pace = domain_pace.decide_pace(context, connection, claim.envelope.recipient, clock, real_now)
        if pace is not None:
            turn_away(connection, claim.row, pace, now, claim.token)
            return False
        domain_pace.count_domain_mail(context, connection, claim.envelope.recipient, real_now)
    lease = {"lease_until": real_now + in_data}
    moved = ledger.move_mail(
        connection, step.client_id, step.n, OutreachState.DATA, now, token=claim.token, values=lease
    )
    if moved and claim.row.offer is not None:
        grants.count_grant(connection, claim.row.offer, step.client_id, step.n)
    return moved


def settle_accepted(context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim) -> StepDone:
    """Move a mail that the server accepted to `sent`."""
    clock, now = context.load_business_time(connection, step.at)
    if context.settings.smtp_url:
        domain_pace.note_taken(context, connection, claim.envelope.recipient)
    sent = {"sent_at": now}
    if ledger.move_mail(connection, step.client_id, step.n, OutreachState.SENT, now, token=claim.token, values=sent):
        return StepDone(state=OutreachState.SENT, clock=clock, next_at=claim.row.send_at)
    return _load_result(connection, step, clock)


def settle_withheld(context: ServiceContext, connection: Connection, step: OutreachStep) -> StepDone:
    """Return where the send gate left a mail that was withheld."""
    clock, _ = context.load_business_time(connection, step.at)
    return _load_result(connection, step, clock)


def count_fault(fault: MailFault) -> None:
    """Count an attempt that failed; one that was lost in DATA is `unknown`, whatever broke it, as the alarm asks."""
    metrics.mails.labels(outcome=OutreachState.UNKNOWN if fault.stage == "unknown" else fault.code).inc()


def settle_fault(
    context: ServiceContext, connection: Connection, step: OutreachStep, claim: Claim, fault: MailFault
) -> StepDone:
    """Move the mail as the fault requires; `scheduled` asks for another try, for a refusal at a later moment."""
    clock, now = context.load_business_time(connection, step.at)
    if claim.row.offer is not None:
        # Before any other row, as at the gate: two transactions never wait for each other.
        grants.lock_offer(connection, claim.row.offer)
    if fault.slow_down:
        domain_pace.rest_domain(context, connection, claim.envelope.recipient, context.resolve_real_time(step.at))
    to, values, code = OutreachState.FAILED, dict[str, Any](lease_until=None), fault.code
    refusals = claim.row.refusals + 1
    if fault.stage == "unknown":
        to = OutreachState.UNKNOWN
    elif fault.refused and refusals < MOST_REFUSALS and not fault.permanent:
        to, again_at = OutreachState.SCHEDULED, now + compute_refusal_wait(refusals)
        values |= {"refusals": refusals, "send_at": again_at}
    elif not fault.permanent and not fault.refused:  # its send time stays, so that it is too late one day
        to = OutreachState.SCHEDULED
    elif not fault.no_such_mailbox and fault.code.startswith("smtp_5"):
        values["refusals"], code = refusals, f"{mailboxes.REFUSED}_{fault.code}"
    moved = ledger.move_mail(connection, step.client_id, step.n, to, now, code=code, token=claim.token, values=values)
    if moved and claim.row.offer is not None and to is not OutreachState.UNKNOWN:
        grants.return_grant(connection, claim.row.offer, step.client_id, step.n)
    if moved and to is OutreachState.FAILED:
        _judge_mailbox(connection, claim.mailbox, fault, now)
    return _load_result(connection, step, clock)


def _judge_mailbox(connection: Connection, mailbox: str, fault: MailFault, now: datetime) -> None:
    """Suppress a mailbox that the server says is none, or that was refused for good too often in a row."""
    if fault.no_such_mailbox:
        suppressions.suppress_mailboxes(connection, {mailbox: (suppressions.HARD_BOUNCE, now)})
    else:
        mail_states.give_up_mailboxes(connection, {mailbox: now})


def _load_result(connection: Connection, step: OutreachStep, clock: Clock) -> StepDone:
    return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)


def turn_away(
    connection: Connection, row: LedgerRow, answer: Eligibility, now: datetime, token: str | None = None
) -> None:
    """Move a mail that may not leave to the state that the answer names."""
    values: dict[str, Any] = {}
    if answer.door is SendDecision.WAIT:
        values["send_at"] = answer.until
    elif answer.door is SendDecision.PARK and row.campaign:
        # The transaction holds the campaign's row: it is still paused when this commits.
        values["epoch"] = campaigns.load_gate(connection, row.campaign).epoch
    to = _STATE_AFTER[answer.door]
    ledger.move_mail(connection, row.client_id, row.n, to, now, code=answer.code, token=token, values=values)


_STATE_AFTER: Final = {
    SendDecision.WAIT: OutreachState.SCHEDULED,
    SendDecision.PARK: OutreachState.PARKED,
    SendDecision.REWRITE: OutreachState.BRIEFED,
    SendDecision.CLOSED: OutreachState.SUPPRESSED,
}
