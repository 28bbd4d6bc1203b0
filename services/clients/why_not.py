"""One sentence on why a client has not been mailed, from what is stored now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain.eligibility import explain_code, explain_mail_status, may_plan
from domain.next_actions import find_no_mail_decision
from domain.offers import BARRIERS as OFFER_BARRIERS
from domain.outreach import ClientMail, find_in_turn, list_sent_times
from domain.phases import PhaseState
from domain.timing import MailRules
from errors import NotFound
from models.base import ClientId
from models.states import OutreachState
from store.campaigns import sequences
from store.clients import assessments, clients
from store.clients.waiting import is_waiting
from store.events import workflows
from store.events.workflows import LostWorkflow
from store.mail import ledger, mail_facts

WAITS_FOR_GO: Final = "Imported; nothing is sent to them before the shop says go (`selvedge go`)."


def explain_no_mail(
    connection: Connection, client_id: ClientId, rules: MailRules, signing_key: str, now: datetime
) -> str:
    """Explain at `now`, in one sentence, why the client is not mailed. Raises NotFound."""
    client = clients.load_client(connection, client_id)
    if client is None:
        raise NotFound(f"no client {client_id}", "client_id")
    standing = assessments.load_standing(connection, client_id)
    if standing is None and is_waiting(connection, client_id):
        return WAITS_FOR_GO
    if standing is not None and (lost := workflows.find_lost(connection, f"client:{client_id}")) is not None:
        return _explain_lost(lost)
    mails = ledger.load_client_mails(connection, client_id)
    facts = mail_facts.load_mail_facts(connection, client, signing_key, list_sent_times(mails, now))
    facts = facts.model_copy(update={"held_out_of": mail_facts.list_holdouts(connection, client_id)})
    in_turn, eligibility = find_in_turn(mails), may_plan(facts, rules, now)
    busy, code = in_turn is not None, in_turn.code if in_turn else ""
    if standing is None:
        return explain_mail_status(facts, eligibility, rules, now, None, busy, None, last_code=code)
    state = PhaseState(phase=standing.phase, since=standing.phase_since)
    facts = facts.model_copy(update={"paused_sequence": sequences.find_paused(connection, standing.phase)})
    last_mail = max((row.created_at for row in mails), default=None)
    reason = find_no_mail_decision(state, standing.answered, standing.call, last_mail)
    touch, wake = standing.next_touch_at, standing.wake_at
    said = explain_mail_status(facts, eligibility, rules, now, touch, busy, wake, reason, code)
    return said if busy else _add_kept_mail(said, mails)


def _add_kept_mail(said: str, mails: Sequence[ClientMail]) -> str:
    """Add to a sentence that the client's last mail was kept by the offer that it states."""
    last = max(mails, key=lambda mail: mail.n, default=None)
    if last is None or last.state is not OutreachState.SUPPRESSED or last.code not in OFFER_BARRIERS:
        return said
    return f"{said.rstrip('.')}; their last mail was not sent: {explain_code(last.code)}."


def _explain_lost(lost: LostWorkflow) -> str:
    how = "" if lost.how == "gone" else f" ({lost.how.replace('_', ' ')} in Temporal)"
    return (
        f"No workflow of theirs runs{how}, seen on {lost.since:%-d %B at %H:%M} UTC, so nothing is planned and nothing "
        "is sent; `selvedge reconcile` starts it again."
    )
