"""Ask the slot `send_time` when a mail leaves, inside the allowed windows, where it has an algorithm; else
`services.mailing.reading_hours` proposes. `domain.timing` has the last word."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection

from domain.timing import HORIZON, list_send_windows, load_zone
from models.slot_policies import BUILT_IN
from models.slots import SendTimeAnswer, SendTimeQuestion
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from services.mailing.outreach_steps import require_client
from services.mailing.preparation import find_earliest_time
from services.mailing.reading_hours import MOST_READS
from store.mail import mail_facts
from store.mail.ledger import LedgerRow

SLOT: Final = "send_time"


def ask_slot(
    context: ServiceContext, decider: Decider, connection: Connection, row: LedgerRow, now: datetime
) -> PendingDecision | None:
    """Ask the slot about this mail; None where it has no algorithm but the built-in one."""
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
    return decider.ask(SLOT, question)


def read_proposed_time(answer: PendingDecision | None) -> datetime | None:
    """Return the moment that an algorithm proposes; None where the built-in one decides."""
    return (
        None
        if answer is None or answer.decision.algorithm == BUILT_IN
        else cast(SendTimeAnswer, answer.decision.answer).at
    )


def save_decision(
    decider: Decider,
    connection: Connection,
    row: LedgerRow,
    answer: PendingDecision | None,
    at: datetime,
    now: datetime,
) -> None:
    """Save the answer with the mail; where the built-in algorithm decides, with the moment `at` that it chose."""
    if answer is None:
        return
    if read_proposed_time(answer) is None:
        answer = answer.replace_answer(
            BUILT_IN, answer.decision.version, SendTimeAnswer(at=at), answer.decision.seconds
        )
    decider.record(connection, answer, now, n=row.n)
