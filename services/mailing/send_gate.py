"""The send gate: decide right before a mail leaves whether it may, and move a mail that may not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from domain.eligibility import Eligibility, SendDecision, may_send
from errors import NotFound
from models.states import OutreachState
from services.context import ServiceContext
from store.campaigns import campaigns
from store.catalogue import catalogue
from store.clients import assessments
from store.mail import ledger, mail_facts
from store.mail.ledger import LedgerRow


def decide_sending(context: ServiceContext, connection: Connection, row: LedgerRow, now: datetime) -> Eligibility:
    """Decide whether this mail may leave at `now`: consent, suppression, holds, campaign, caps, quiet hours and
    stock."""
    file = assessments.load_client_file(connection, row.client_id)
    if file is None:
        raise NotFound("no such client", "client_id")
    sent_at = mail_facts.list_sent_times(connection, row.client_id, now)
    facts = mail_facts.load_mail_facts(connection, file, context.settings.keys.signing, sent_at)
    gate = campaigns.load_gate(connection, row.campaign) if row.campaign else campaigns.CampaignGate()
    if gate.called_off:
        return Eligibility(door=SendDecision.CLOSED, code="campaign_ended")
    return may_send(facts, context.mail_rules, now, gate.paused, catalogue.is_in_stock(connection, list_item_ids(row)))


def list_item_ids(row: LedgerRow) -> list[str]:
    """List the ids of the items that the mail shows."""
    return [blurb["item_id"] for blurb in (row.draft or {}).get("items", ())]


def turn_away(
    connection: Connection, row: LedgerRow, answer: Eligibility, now: datetime, token: str | None = None
) -> None:
    """Move a mail that may not leave to the state that the answer names."""
    values: dict[str, Any] = {}
    if answer.door is SendDecision.WAIT:
        values["send_at"] = answer.until
    elif answer.door is SendDecision.PARK and row.campaign:
        # The transaction holds the campaign's row: it is still paused when this commits.
        values["epoch"] = campaigns.load_gate(connection, row.campaign).epoch
    to = _STATE_AFTER[answer.door]
    ledger.move_mail(connection, row.client_id, row.n, to, now, code=answer.code, token=token, values=values)


_STATE_AFTER: Final = {
    SendDecision.WAIT: OutreachState.SCHEDULED,
    SendDecision.PARK: OutreachState.PARKED,
    SendDecision.REWRITE: OutreachState.BRIEFED,
    SendDecision.CLOSED: OutreachState.SUPPRESSED,
}
