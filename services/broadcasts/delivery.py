"""Hand the mails of parts to the mail server: over several connections, with the send gates of those that are ready
together in one transaction, and so their settling."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import Final

from errors import MailFault, SelvedgeError, Unavailable
from mail.transport import DeliveryOutcome, Transport
from models.states import OutreachState
from services import metrics
from services.broadcasts.together import Together
from services.context import ServiceContext
from services.mailing import sending
from services.mailing.sending_in_bulk import SendAttempt, pass_send_gates, settle_all_accepted
from store.database import write_transaction
from store.events import outbox

SETTLE_TRIES: Final = 3
BEGIN_WITHIN_S: Final = 0.1
"""Mails that would begin within so many real seconds begin together."""

log = logging.getLogger("selvedge.broadcasts")


class PartSender:
    """Sends parts. One for a process, on one event loop."""

    def __init__(self, context: ServiceContext, transport: Transport) -> None:
        self._context, self._transport = context, transport
        self._in_data = sending.compute_lease(context.settings)
        self._gates: Together[SendAttempt, bool] = Together(self._pass_gates)
        self._settlements: Together[SendAttempt, bool] = Together(self._settle)

    async def send(self, attempts: Sequence[SendAttempt], per_second: float, begun: float) -> None:
        """Send what is claimed; what becomes of each mail stands in the ledger.

        The part began at `begun`, by the monotonic clock, and since then mails begin at no more than `per_second`: what
        a part is behind, after it was written, it makes good at once. Those of a tenth of a second begin together, and
        so pass their gates in one transaction.

        A mail that its gate withholds, or that the server does not take, is moved as a single one is, and its client's
        workflow is nudged in the same transaction.
        """
        together = max(1, int(per_second * BEGIN_WITHIN_S))
        begins = [begun + k // together * together / per_second for k in range(len(attempts))]
        await asyncio.gather(*map(self._send_one, attempts, begins))

    async def _send_one(self, attempt: SendAttempt, begins: float) -> None:
        await asyncio.sleep(max(0.0, begins - monotonic()))
        try:
            outcome = await self._transport.deliver(attempt.claim.envelope, lambda: self._gates.ask(attempt))
        except MailFault as fault:
            await asyncio.to_thread(self._handle_fault, attempt, fault)
        except SelvedgeError as fault:  # it stays claimed: its client's workflow goes on with it
            log.warning("a mail of a broadcast is left to its client's workflow: %s", fault.code)
        else:
            if outcome is DeliveryOutcome.ACCEPTED and await self._settlements.ask(attempt):
                metrics.mails.labels(outcome=OutreachState.SENT).inc()

    def _pass_gates(self, attempts: Sequence[SendAttempt]) -> Sequence[bool]:
        with write_transaction(self._context.engine) as connection:
            return pass_send_gates(self._context, connection, attempts, self._in_data)

    def _settle(self, attempts: Sequence[SendAttempt]) -> Sequence[bool]:
        """Settle what was accepted. Tried again: what stays in `data` could not be told from what may be lost."""
        for tries_left in reversed(range(SETTLE_TRIES)):
            try:
                with write_transaction(self._context.engine) as connection:
                    sent = settle_all_accepted(self._context, connection, attempts, self._context.wall())
            except Unavailable:
                if tries_left == 0:
                    raise
            else:
                return [attempt.claim.token in sent for attempt in attempts]
        return []

    def _handle_fault(self, attempt: SendAttempt, fault: MailFault) -> None:
        sending.count_fault(fault)
        with write_transaction(self._context.engine) as connection:
            sending.settle_fault(self._context, connection, attempt.step, attempt.claim, fault)
            outbox.push_nudges(connection, "client", [attempt.step.client_id], self._context.wall())
