"""The send gate and the settling of many mails in one transaction: what `services.mailing.sending` does with one, by
the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from domain.eligibility import SendDecision
from models.outreach import OutreachStep
from models.states import OutreachState
from services.context import ServiceContext
from services.mailing import domain_pace
from services.mailing.gate import judge_sending, load_gate_facts_in_bulk
from services.mailing.sending import Claim, turn_away
from store.campaigns import broadcasts
from store.events import outbox
from store.mail import ledger_in_bulk
from store.mail.ledger import LedgerRow
from store.mail.ledger_in_bulk import MailMove
from store.offers import grants


class SendAttempt(NamedTuple):
    """An attempt to send a mail: the step in which it is made, and the claim."""

    step: OutreachStep
    claim: Claim


def pass_send_gates(
    context: ServiceContext, connection: Connection, attempts: Sequence[SendAttempt], in_data: timedelta
) -> list[bool]:
    """Move mails to `data`, for at most `in_data` of real time, and say of each whether it may begin. What one of them
    uses up, a cap of its mailbox or an offer's budget, the next no longer has. The workflows of clients whose mail may
    not begin are nudged."""
    passed: dict[str, bool] = {}
    rest = sorted(attempts, key=lambda one: (one.claim.row.client_id, one.claim.row.n))
    while rest:
        turn, seen = list[SendAttempt](), set[str]()
        for one in rest:  # those to one mailbox, or of one client, one after another
            keys = {one.claim.mailbox, one.claim.row.client_id}
            if seen.isdisjoint(keys):
                turn.append(one)
            seen |= keys
        passed |= _pass_together(context, connection, turn, in_data)
        rest = [one for one in rest if one.claim.token not in passed]
    return [passed[one.claim.token] for one in attempts]


def _pass_together(
    context: ServiceContext, connection: Connection, turn: Sequence[SendAttempt], in_data: timedelta
) -> dict[str, bool]:
    at = max(one.step.at for one in turn)
    clock, now = context.load_business_time(connection, at)
    real_now = context.resolve_real_time(at)
    found = load_gate_facts_in_bulk(context, connection, [one.claim.row for one in turn], now)
    states = ledger_in_bulk.load_owners(connection, [(one.claim.row.client_id, one.claim.row.n) for one in turn])
    _lock_shared(context, connection, turn)
    opened, away = list[Claim](), list[LedgerRow]()
    for one in turn:
        claim, row = one.claim, one.claim.row
        key = row.client_id, row.n
        if states.get(key) != (OutreachState.CLAIMED, claim.token) or key not in found:
            continue
        answer = judge_sending(context, connection, row, found[key], now, claim.mailbox)
        if answer.door is not SendDecision.OPEN:
            turn_away(connection, row, answer, now, claim.token)
            away.append(row)
            continue
        if context.settings.smtp_url:
            pace = domain_pace.decide_pace(context, connection, claim.envelope.recipient, clock, real_now)
            if pace is not None:
                turn_away(connection, row, pace, now, claim.token)
                away.append(row)
                continue
            domain_pace.count_domain_mail(context, connection, claim.envelope.recipient, real_now)
        if row.offer is not None:  # its mail is claimed and locked, so it moves for certain
            grants.count_grant(connection, row.offer, row.client_id, row.n)
        opened.append(claim)
    for slug in {row.campaign for row in away if row.campaign}:
        broadcasts.release_mails(connection, slug, [row.client_id for row in away if row.campaign == slug])
    outbox.push_nudges(connection, "client", [row.client_id for row in away], context.wall())
    lease = {"lease_until": real_now + in_data}
    moves = [MailMove(claim.row.client_id, claim.row.n, "", claim.token, lease) for claim in opened]
    moved = ledger_in_bulk.move_mails(connection, moves, OutreachState.DATA, now)
    return {one.claim.token: (one.claim.row.client_id, one.claim.row.n) in moved for one in turn}


def _lock_shared(context: ServiceContext, connection: Connection, turn: Sequence[SendAttempt]) -> None:
    """Lock the offers and domains of these mails in one order for all, or two could lock each other out."""
    for slug in sorted({one.claim.row.offer for one in turn if one.claim.row.offer is not None}):
        grants.lock_offer(connection, slug)
    if context.settings.smtp_url:
        domain_pace.lock_domains(context, connection, [one.claim.envelope.recipient for one in turn])


def settle_all_accepted(
    context: ServiceContext, connection: Connection, attempts: Sequence[SendAttempt], real_now: datetime
) -> set[str]:
    """Move mails that the server accepted to `sent`; return the tokens of those that moved."""
    _, now = context.load_business_time(connection, real_now)
    if context.settings.smtp_url:
        recipients = [one.claim.envelope.recipient for one in attempts]
        domain_pace.lock_domains(context, connection, recipients)
        for recipient in {recipient.rpartition("@")[2]: recipient for recipient in recipients}.values():
            domain_pace.note_taken(context, connection, recipient)
    moves = [
        MailMove(one.claim.row.client_id, one.claim.row.n, "", one.claim.token, {"sent_at": now}) for one in attempts
    ]
    moved = ledger_in_bulk.move_mails(connection, moves, OutreachState.SENT, now)
    return {one.claim.token for one in attempts if (one.claim.row.client_id, one.claim.row.n) in moved}
