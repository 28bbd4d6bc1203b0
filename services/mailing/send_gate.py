"""The door: what is asked right before a mail leaves, and what becomes of a mail that may not pass."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from domain.eligibility import Answer, SendDecision, may_send
from errors import NotFound
from models.states import OutreachState
from services.context import ServiceContext
from store.campaigns import campaigns
from store.catalogue import catalogue
from store.clients import assessments
from store.mail import ledger, mail_facts
from store.mail.ledger import Ledger


def ask(context: ServiceContext, connection: Connection, row: Ledger, now: datetime) -> Answer:
    """May this mail leave at `now`? Consent, suppression, holds, campaign, caps, quiet hours, stock: all read here."""
    file = assessments.load(connection, row.client_id)
    if file is None:
        raise NotFound("no such client", "client_id")
    facts = mail_facts.load(connection, file.client, context.settings.keys.signing, now)
    gate = campaigns.gate(connection, row.campaign) if row.campaign else campaigns.Gate()
    if gate.called_off:
        return Answer(door=SendDecision.CLOSED, code="campaign_ended")
    return may_send(facts, context.mail_rules, now, gate.paused, catalogue.in_stock(connection, shown(row)))


def shown(row: Ledger) -> list[str]:
    """The ids of the items that the mail shows."""
    return [blurb["item_id"] for blurb in (row.draft or {}).get("items", ())]


def turn_away(connection: Connection, row: Ledger, answer: Answer, now: datetime, token: str | None = None) -> None:
    """Move a mail that may not pass to where it belongs."""
    values: dict[str, Any] = {}
    if answer.door is SendDecision.WAIT:
        values["send_at"] = answer.until
    elif answer.door is SendDecision.PARK and row.campaign:
        # The transaction holds the campaign's row: it is still paused when this commits.
        values["epoch"] = campaigns.gate(connection, row.campaign).epoch
    to = _WHERE[answer.door]
    ledger.move(connection, row.client_id, row.n, to, now, code=answer.code, token=token, values=values)


_WHERE: Final = {
    SendDecision.WAIT: OutreachState.SCHEDULED,
    SendDecision.PARK: OutreachState.PARKED,
    SendDecision.REWRITE: OutreachState.BRIEFED,
    SendDecision.CLOSED: OutreachState.SUPPRESSED,
}
