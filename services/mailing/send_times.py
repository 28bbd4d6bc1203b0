"""Ask the slot `send_time` when a mail leaves, inside the allowed windows, where it has an algorithm; else
`services.mailing.reading_hours` proposes. `domain.timing` has the last word."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection

from algorithms.slots.built_in import BuiltIn
from algorithms.slots.guard import Unanswered
from domain.timing import HORIZON, list_send_windows, load_zone
from models.slots import SendTimeAnswer, SendTimeQuestion
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from services.mailing.outreach_steps import require_client
from services.mailing.preparation import find_earliest_time
from services.mailing.reading_hours import MOST_READS
from store.mail import mail_facts
from store.mail.ledger import LedgerRow

SLOT: Final = "send_time"


SendTimeAttempt = PendingDecision | Unanswered | None
"""The answer of an algorithm; or nobody's yet, and the built-in decides; or None where no algorithm has a part."""


def ask_slot(
    context: ServiceContext, decider: Decider, connection: Connection, row: LedgerRow, now: datetime
) -> SendTimeAttempt:
    """Ask the slot's algorithms about this mail. The built-in comes later: it may be a model that thinks for long."""
    if not decider.has_algorithm(SLOT):
        return None
    client = require_client(connection, row.client_id)
    earliest = find_earliest_time(context, connection, client, now)
    question = SendTimeQuestion(
        client_id=row.client_id,
        now=now,
        windows=list_send_windows(
            context.mail_rules, load_zone(client.time_zone), client.policy, earliest, earliest + HORIZON
        ),
        opened=mail_facts.list_reading_times(connection, row.client_id, now, MOST_READS),
    )
    return decider.ask_algorithms(SLOT, question)


def read_proposed_time(attempt: SendTimeAttempt) -> datetime | None:
    """Return the moment that an algorithm proposes; None where the built-in one decides."""
    return cast(SendTimeAnswer, attempt.decision.answer).at if isinstance(attempt, PendingDecision) else None


def save_decision(
    decider: Decider,
    connection: Connection,
    row: LedgerRow,
    attempt: SendTimeAttempt,
    at: datetime,
    now: datetime,
) -> None:
    """Save the answer with the mail; where the built-in algorithm decides, with the moment `at` that it chose."""
    if attempt is None:
        return
    if isinstance(attempt, Unanswered):
        decision = attempt.decide(BuiltIn(lambda _: SendTimeAnswer(at=at)))
        attempt = PendingDecision(SLOT, attempt.question, decision)
    decider.record(connection, attempt, now, n=row.n)
