"""The steps of sending one mail on the ledger: claim it, pass the send gate, settle it.

The token taken with the claim fences out an older attempt that may still run: only its owner can move the row on. A row
found in `data` belongs to an attempt that may have sent it; when that attempt can no longer be alive, the row is
`unknown` and is never sent again. Each function runs in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection

from domain.bounces import MOST_REFUSALS, compute_refusal_wait
from domain.campaign_life import ENDED
from domain.eligibility import PROFILED, Eligibility, SendDecision, may_send
from domain.grounding import compute_digest
from domain.wording import normalise
from errors import InFlight, MailFault, NotFound
from mail.message import Envelope, EnvelopeBuilder
from models.clock import Clock
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services import metrics
from services.context import ServiceContext
from services.mailing import domain_pace
from services.offers.gate import find_offer_barrier
from services.returns import mail_states
from store.campaigns import campaigns, places
from store.catalogue import catalogue
from store.clients import assessments, clients
from store.clients.assessments import ClientFile
from store.mail import ledger, mail_facts, mailboxes, suppressions
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
    envelope = post.build(client, Brief.model_validate(row.brief), draft, items, now, row.campaign)
    mailbox = context.hash_mailbox(client.email)
    token = uuid4().hex
    shown = {item_id: item.model_dump(mode="json", exclude=_NOT_SHOWN) for item_id, item in items.items()}
    owner = {"token": token, "message_id": envelope.message_id, "mailbox": mailbox, "shown": shown}
    ledger.move_mail(connection, row.client_id, row.n, OutreachState.CLAIMED, now, values=owner)
    return Claim(token, row, envelope, mailbox)


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
    to, values, code = OutreachState.FAILED, dict[str, Any](), fault.code
    refusals = claim.row.refusals + 1
    if fault.stage == "unknown":
        to = OutreachState.UNKNOWN
    elif fault.refused and refusals < MOST_REFUSALS and not fault.permanent:
        to, values = OutreachState.SCHEDULED, {"refusals": refusals, "send_at": now + compute_refusal_wait(refusals)}
    elif not fault.permanent and not fault.refused:  # its send time stays, so that it is too late one day
        to = OutreachState.SCHEDULED
    elif not fault.no_such_mailbox and fault.code.startswith("smtp_5"):
        values, code = {"refusals": refusals}, f"{mailboxes.REFUSED}_{fault.code}"
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


def decide_sending(
    context: ServiceContext, connection: Connection, row: LedgerRow, now: datetime, claimed: str | None = None
) -> Eligibility:
    """Decide whether this mail may leave at `now`: consent, suppression, holds, campaign, offer, caps, quiet hours and
    stock; all of them for the mailbox, whatever ids carry it. `claimed`: the mailbox to which the mail was built."""
    file = assessments.load_client_file(connection, row.client_id)
    if file is None:
        raise NotFound("no such client", "client_id")
    mailbox = context.hash_mailbox(file.email)
    if claimed is not None and mailbox != claimed:
        return Eligibility(door=SendDecision.WAIT, code="address_changed", until=now)
    # From here to the end of the transaction no opt-out of this mailbox can come in between, whatever id it names.
    mailboxes.lock_mailboxes(connection, [mailbox])
    sent_at = mail_facts.list_sent_times(connection, row.client_id, now)
    facts = mail_facts.load_mail_facts(connection, file, context.settings.keys.signing, sent_at)
    gate = campaigns.load_gate(connection, row.campaign) if row.campaign else campaigns.CampaignGate()
    if row.campaign and gate.is_over(now):
        return Eligibility(door=SendDecision.CLOSED, code=ENDED)
    if row.content is not None and row.campaign and places.has_left(connection, row.campaign, row.client_id, row.n):
        return Eligibility(door=SendDecision.CLOSED, code="left_campaign")
    about = row.content.entry_item if row.content is not None else None
    if about is not None and not catalogue.is_in_stock(connection, [about]):
        return Eligibility(door=SendDecision.CLOSED, code="sold_out")
    if row.campaign and mailboxes.has_campaign_mail(connection, mailbox, row.campaign, row.client_id):
        return Eligibility(door=SendDecision.CLOSED, code="same_mailbox")
    follows = row.kind in PROFILED or (row.content is not None and row.content.follows)
    if follows and not file.personal:
        return Eligibility(door=SendDecision.CLOSED, code="personalisation_refused")
    if row.offer is not None and (barrier := find_offer_barrier(connection, row.offer, row.client_id, now, claimed)):
        return Eligibility(door=SendDecision.CLOSED, code=barrier)
    stale = _find_stale(connection, row, file) or _find_changed_text(context, row, gate)
    rules = context.find_rules(row.content)
    return may_send(facts, rules, now, gate.paused, stale, row.kind)


def _find_stale(connection: Connection, row: LedgerRow, client: ClientFile) -> str:
    """Find why the text may not go as it is: it shows what is gone, or tells of a client who has refused that since."""
    if not catalogue.is_in_stock(connection, list_item_ids(row)):
        return "out_of_stock"
    tells = (row.brief or {}).get("personal", True)
    return "personalisation_refused" if tells and not client.personal else ""


def _find_changed_text(context: ServiceContext, row: LedgerRow, gate: campaigns.CampaignGate) -> str:
    """Find whether the message or voice, of the campaign or of the mail's step, was changed since it was written."""
    if not row.campaign or row.brief is None:
        return ""
    brief, said = row.brief, row.content or gate
    said_now = normalise(said.message), said.voice or gate.voice or context.settings.shop_voice
    return "" if (brief.get("message", ""), brief.get("voice", "")) == said_now else "message_changed"


def list_item_ids(row: LedgerRow) -> list[str]:
    """List the ids of the items that the mail shows."""
    return [blurb["item_id"] for blurb in (row.draft or {}).get("items", ())]


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
