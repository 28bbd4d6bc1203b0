"""Carry out what people do to a mail on its way: park, reject, approve, move its time, let it queue again."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.actors import TEMPORAL
from models.lifecycle import Command
from models.outreach import Conclusion, OutreachStep, PolicyRequest, StepDone
from services.clients.steering import apply_commands
from services.context import ServiceContext
from services.mailing import steering
from services.review import reminders
from store.database import write_transaction


class SteeringSteps:
    """The steps that carry out signals and decisions on the ledger."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def conclude(self, conclusion: Conclusion) -> StepDone:
        """Move the mail as asked, if its state allows it; else it stays where it is.

        Raises InFlight while it is with the mail server: only the answer tells whether there is anything left to move.
        """
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, conclusion.at)
            rules, real_now = self._context.mail_rules, self._context.wall()
            row = steering.conclude_mail(rules, connection, TEMPORAL, conclusion, now, real_now)
            return row.build_result(clock)

    @declare_activity()
    def unpark(self, step: OutreachStep) -> StepDone:
        """Let a parked mail go on: `send_late` as it is, `replan` to write it afresh, or `expire`."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            return steering.unpark_mail(self._context.mail_rules, connection, step, now).build_result(clock)

    @declare_activity()
    def look_after_draft(self, step: OutreachStep) -> StepDone:
        """Remind of a draft that awaits a person, escalate it, or reject it at its end."""
        return reminders.look_after_draft(self._context, step)

    @declare_activity()
    def keep_policy(self, request: PolicyRequest) -> None:
        """Save a client's mail policy."""
        command = Command(kind="adjust", policy=request.policy, at=self._context.wall())
        with write_transaction(self._context.engine) as connection:
            clock, _ = self._context.load_business_time(connection, command.at)
            apply_commands(connection, TEMPORAL, request.client_id, [command], clock)
