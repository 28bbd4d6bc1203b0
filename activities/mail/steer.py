"""What people do to a mail on its way: park it, reject it, approve it, move its time, let it queue again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection
from temporalio import activity

from domain.timing import next_open, zone_of
from errors import InFlight
from models.outreach import Conclusion, OutreachStep, PolicyRequest, StepDone
from models.states import OutreachState, Overdue
from services.context import ServiceContext
from services.mailing.outreach_steps import client_of, require_outreach, step_result, stepping
from store.clients import holds
from store.database import write_transaction
from store.mail import ledger
from store.mail.ledger import Ledger

STALE = timedelta(days=14)
"""Business time. A mail that waited longer has missed its occasion, whatever the resume said."""


class Steer:
    """Signals and decisions, carried out on the ledger."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def conclude(self, conclusion: Conclusion) -> StepDone:
        """Move the mail as asked, if its state allows it; else it stays where it is.

        Raises InFlight while it is with the mail server: only the answer tells whether there is anything left to move.
        """
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, conclusion.at)
            values = {}
            if conclusion.to is OutreachState.SCHEDULED:
                zone = zone_of(client_of(connection, conclusion.client_id).time_zone)
                values["send_at"] = next_open(self._context.mail_rules, zone, max(conclusion.send_at or now, now))
            if conclusion.edit_id is not None:
                ledger.use_edit(connection, conclusion.client_id, conclusion.n, conclusion.edit_id)
            ledger.move(
                connection,
                conclusion.client_id,
                conclusion.n,
                conclusion.to,
                now,
                code=conclusion.code,
                values=values,
                barred=OutreachState.DATA,
            )
            row = require_outreach(connection, conclusion.client_id, conclusion.n)
            if row.state == OutreachState.DATA:
                raise InFlight("this mail is with the mail server")
            return step_result(row, clock)

    @activity.defn
    def unpark(self, step: OutreachStep) -> StepDone:
        """The turn of a parked mail has come: `send_late` as it is, `replan` written afresh, or `expire`."""
        return stepping(self._context, step, lambda *given: self._unpark(step.overdue, *given))

    def _unpark(self, overdue: Overdue, connection: Connection, row: Ledger, now: datetime) -> None:
        if row.state != OutreachState.PARKED:
            return
        late = row.send_at is not None and row.send_at < now
        if overdue is Overdue.EXPIRE and late:
            ledger.move(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="overdue")
        elif overdue is Overdue.REPLAN and late and now - row.created_at > STALE:
            ledger.move(connection, row.client_id, row.n, OutreachState.EXPIRED, now, code="stale")
        elif overdue is Overdue.REPLAN and late:
            ledger.move(connection, row.client_id, row.n, OutreachState.BRIEFED, now, code="replanned")
        else:
            zone = zone_of(client_of(connection, row.client_id).time_zone)
            at = next_open(self._context.mail_rules, zone, max(now, row.send_at or now))
            ledger.move(
                connection,
                row.client_id,
                row.n,
                OutreachState.SCHEDULED,
                now,
                code="unparked",
                values={"send_at": at},
            )

    @activity.defn
    def keep_policy(self, request: PolicyRequest) -> None:
        """Keep what a client asked of our mail."""
        with write_transaction(self._context.engine) as connection:
            holds.set_policy(connection, request.client_id, request.policy)
