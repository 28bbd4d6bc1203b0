"""Load the facts from which a language model proposes when a mail leaves."""

from __future__ import annotations

from datetime import datetime

from domain.timing import HORIZON, load_zone
from models.outreach import OutreachStep
from models.scheduling import SchedulingFacts
from services.context import ServiceContext
from services.mailing.send_times import choose_send_time, require_send_time_facts
from store.database import read_transaction
from store.mail.ledger import LedgerRow


def load_scheduling_facts(
    context: ServiceContext, step: OutreachStep, row: LedgerRow, now: datetime
) -> SchedulingFacts:
    """Load the facts that the scheduler needs about a mail and its client."""
    with read_transaction(context.engine) as connection:
        facts = require_send_time_facts(connection, step.client_id, now)
        client, zone = facts.client, load_zone(facts.client.time_zone)
        earliest = choose_send_time(context, connection, row, facts, None, now)
        rules = context.find_rules(row.content)
        return SchedulingFacts(
            client_id=step.client_id,
            n=step.n,
            kind=row.kind,
            now=now,
            earliest=earliest,
            latest=earliest + HORIZON,
            time_zone=client.time_zone,
            quiet_from_hour=rules.quiet_from_hour,
            quiet_until_hour=rules.quiet_until_hour,
            preferred_hour=client.policy.preferred_hour,
            reading_hours=tuple(at.astimezone(zone).hour for at in facts.read_at),
            last_sent_at=max(facts.sent_at, default=None),
        )
