"""Really send one mail, once: claim it, connect up to RCPT, commit `data` at the send gate, send DATA, settle it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from temporalio import activity

from activities.declaration import declare_activity
from domain.outreach import SETTLED
from errors import MailFault
from mail.message import EnvelopeBuilder
from mail.transport import DeliveryOutcome, Transport
from models.lifecycle import OutreachFinished
from models.outreach import OutreachStep, StepDone
from services import metrics
from services.context import ServiceContext
from services.mailing import sending
from services.mailing.sending import Claim
from store.database import write_transaction

HEARTBEAT_S: Final = 3.0

Report = Callable[[str, OutreachFinished], Awaitable[bool]]
"""Signals a client's workflow that the turn is free; False when there is none. Spares the mail's workflow a task."""


class SendSteps:
    """The step that sends one mail."""

    def __init__(self, context: ServiceContext, post: EnvelopeBuilder, transport: Transport, report: Report) -> None:
        self._context, self._post, self._transport, self._report = context, post, transport, report
        self._in_data = sending.compute_lease(context.settings)

    @declare_activity()
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
        outage = self._transport.circuit.find_outage()
        claim = await asyncio.to_thread(self._claim, step, outage)
        if isinstance(claim, StepDone):
            if outage is not None and claim.code == outage.code:
                raise outage
            return claim
        async with send_heartbeats():
            try:
                outcome = await self._transport.deliver(
                    claim.envelope, lambda: asyncio.to_thread(self._pass_send_gate, step, claim)
                )
            except MailFault as fault:
                return await asyncio.to_thread(self._handle_fault, step, claim, fault)
        done = await asyncio.to_thread(self._settle, step, claim, outcome)
        metrics.mails.labels(outcome=done.state).inc()
        return done

    def _claim(self, step: OutreachStep, outage: MailFault | None) -> StepDone | Claim:
        with write_transaction(self._context.engine) as connection:
            return sending.claim_mail(self._context, self._post, connection, step, outage)

    def _pass_send_gate(self, step: OutreachStep, claim: Claim) -> bool:
        with write_transaction(self._context.engine) as connection:
            return sending.pass_send_gate(self._context, connection, step, claim, self._in_data)

    def _settle(self, step: OutreachStep, claim: Claim, outcome: DeliveryOutcome) -> StepDone:
        with write_transaction(self._context.engine) as connection:
            if outcome is DeliveryOutcome.ACCEPTED:
                return sending.settle_accepted(self._context, connection, step, claim)
            return sending.settle_withheld(self._context, connection, step)

    def _handle_fault(self, step: OutreachStep, claim: Claim, fault: MailFault) -> StepDone:
        """Settle the fault. Raises one upon which another try may help: Temporal tries again, ever more rarely; a loop
        of our own would fill the history."""
        sending.count_fault(fault)
        with write_transaction(self._context.engine) as connection:
            done = sending.settle_fault(self._context, connection, step, claim, fault)
        if fault.stage != "unknown" and not fault.permanent and not fault.refused:
            raise fault
        return done


@asynccontextmanager
async def send_heartbeats() -> AsyncIterator[None]:
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
