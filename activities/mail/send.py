"""Really send one mail, once.

claim -> connect, MAIL, RCPT -> check the send gate and commit `data` -> DATA -> settle. The token taken with the claim
fences out an older attempt that may still run: only its owner can move the row on. A row found in `data` belongs to an
attempt that may have sent it; when that attempt can no longer be alive, the row is `unknown` and is never sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

from temporalio import activity

from domain.eligibility import SendDecision
from domain.outreach import SETTLED
from errors import InFlight, MailFault
from mail.envelope_builder import EnvelopeBuilder
from mail.message import Envelope
from mail.transport import DeliveryOutcome, Transport
from models.lifecycle import OutreachFinished
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services import metrics
from services.context import ServiceContext
from services.mailing import send_gate
from services.mailing.outreach_steps import build_step_result, require_client, require_outreach
from store.catalogue import catalogue
from store.database import write_transaction
from store.mail import ledger, suppressions

HEARTBEAT_S: Final = 3.0
TOO_LATE: Final = timedelta(days=7)
"""Business time. A mail that could not be sent for so long is too late."""

Report = Callable[[str, OutreachFinished], Awaitable[bool]]
"""Signals a client's workflow that the turn is free; False when there is none. Spares the mail's workflow a task."""


class Claim:
    """A mail that this attempt owns."""

    __slots__ = ("envelope", "token")

    def __init__(self, token: str, envelope: Envelope) -> None:
        self.token, self.envelope = token, envelope


class SendSteps:
    """The step that sends one mail."""

    def __init__(self, context: ServiceContext, post: EnvelopeBuilder, transport: Transport, report: Report) -> None:
        self._context, self._post, self._transport, self._report = context, post, transport, report
        self._in_data = timedelta(seconds=3 * context.settings.smtp_timeout_s + 5)
        """Longer than an attempt can be in DATA; a row that lay in `data` longer has no attempt."""

    @activity.defn
    async def send(self, step: OutreachStep) -> StepDone:
        """Send the mail if it is due and the send gate lets it pass; return its state.

        Raises MailFault or Unavailable when nothing was sent and another attempt may help.
        """
        done = await self._attempt(step)
        if done.state not in SETTLED:
            return done
        news = OutreachFinished(n=step.n, state=done.state)
        return done.model_copy(update={"reported": await self._report(step.client_id, news)})

    async def _attempt(self, step: OutreachStep) -> StepDone:
        claim = await asyncio.to_thread(self._claim, step)
        if isinstance(claim, StepDone):
            return claim
        async with _send_heartbeats():
            try:
                outcome = await self._transport.deliver(
                    claim.envelope, lambda: asyncio.to_thread(self._pass_send_gate, step, claim.token)
                )
            except MailFault as fault:
                return await asyncio.to_thread(self._handle_fault, step, claim.token, fault)
        done = await asyncio.to_thread(self._settle, step, claim.token, outcome)
        metrics.mails.labels(outcome=done.state).inc()
        return done

    def _claim(self, step: OutreachStep) -> StepDone | Claim:
        """Take the mail, unless it is settled, not due, turned away, or may still be in another attempt's hands."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            state = OutreachState(row.state)
            if state is OutreachState.DATA:
                if row.lease_until and self._context.resolve_real_time(step.at) < row.lease_until:
                    raise InFlight("another attempt may be sending this mail")
                ledger.move_mail(connection, row.client_id, row.n, OutreachState.UNKNOWN, now, code="lost_in_data")
                metrics.mails.labels(outcome=OutreachState.UNKNOWN).inc()
            if state not in (OutreachState.SCHEDULED, OutreachState.CLAIMED) or (row.send_at and now < row.send_at):
                return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
            if row.send_at and now - row.send_at > TOO_LATE:
                ledger.move_mail(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="too_late")
                return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
            answer = send_gate.decide_sending(self._context, connection, row, now)
            if answer.door is not SendDecision.OPEN:
                send_gate.turn_away(connection, row, answer, now)
                return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
            draft = EmailDraft.model_validate(row.draft)
            client = require_client(connection, row.client_id)
            items = catalogue.load_items(connection, [blurb.item_id for blurb in draft.items])
            envelope = self._post.build(client, Brief.model_validate(row.brief), draft, items, now)
            token = uuid4().hex
            ledger.move_mail(
                connection,
                row.client_id,
                row.n,
                OutreachState.CLAIMED,
                now,
                values={"token": token, "message_id": envelope.message_id},
            )
        return Claim(token, envelope)

    def _pass_send_gate(self, step: OutreachStep, token: str) -> bool:
        """Commit `data`, the one commit between RCPT and DATA. False: withhold the mail."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            if row.token != token or row.state != OutreachState.CLAIMED:
                return False
            answer = send_gate.decide_sending(self._context, connection, row, now)
            if answer.door is not SendDecision.OPEN:
                send_gate.turn_away(connection, row, answer, now, token)
                return False
            lease = {"lease_until": self._context.resolve_real_time(step.at) + self._in_data}
            return ledger.move_mail(
                connection, row.client_id, row.n, OutreachState.DATA, now, token=token, values=lease
            )

    def _settle(self, step: OutreachStep, token: str, outcome: DeliveryOutcome) -> StepDone:
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            if outcome is DeliveryOutcome.ACCEPTED:
                ledger.move_mail(
                    connection,
                    step.client_id,
                    step.n,
                    OutreachState.SENT,
                    now,
                    token=token,
                    values={"sent_at": now},
                )
            return build_step_result(require_outreach(connection, step.client_id, step.n), clock)

    def _handle_fault(self, step: OutreachStep, token: str, fault: MailFault) -> StepDone:
        """Move the mail as the fault requires. Raises a fault upon which another try may help: Temporal tries again."""
        metrics.mails.labels(outcome=fault.code).inc()
        if fault.stage == "before" and not fault.permanent:
            raise fault
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            to = OutreachState.FAILED
            if fault.stage == "unknown":
                to = OutreachState.UNKNOWN
            elif not fault.permanent:  # its send time stays, so that it is too late one day
                to = OutreachState.SCHEDULED
            ledger.move_mail(connection, step.client_id, step.n, to, now, code=fault.code, token=token)
            if to is OutreachState.FAILED and fault.no_such_mailbox:
                email = require_client(connection, step.client_id).email
                suppressions.suppress_addresses(
                    connection, self._context.settings.keys.signing, {email: ("hard_bounce", now)}
                )
            done = build_step_result(require_outreach(connection, step.client_id, step.n), clock)
        if to is OutreachState.SCHEDULED:
            raise fault  # Temporal tries again, ever more rarely; a loop of our own would fill the history
        return done


@asynccontextmanager
async def _send_heartbeats() -> AsyncIterator[None]:
    """Tell Temporal now and then that this attempt lives, so that a dead one is noticed in seconds."""

    async def send_repeatedly() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            activity.heartbeat()

    task = asyncio.create_task(send_repeatedly())
    try:
        yield
    finally:
        task.cancel()
