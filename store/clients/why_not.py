"""One sentence on why a client has not been mailed, from what is stored now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from domain.eligibility import explain_mail_status, may_plan
from domain.next_actions import find_no_mail_decision
from domain.outreach import find_in_turn, list_sent_times
from domain.phases import PhaseState
from domain.timing import MailRules
from errors import NotFound
from models.base import ClientId
from models.states import Phase
from store.clients.assessments import CALL, match_open_call, parse_answered, parse_open_call
from store.mail import ledger, mail_facts
from store.tables import calls, clients, standings


def explain_no_mail(
    connection: Connection, client_id: ClientId, rules: MailRules, signing_key: str, now: datetime
) -> str:
    """Explain at `now`, in one sentence, why the client is not mailed. Raises NotFound."""
    client = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        raise NotFound(f"no client {client_id}", "client_id")
    mails = ledger.load_client_mails(connection, client_id)
    facts = mail_facts.load_mail_facts(connection, client, signing_key, list_sent_times(mails, now))
    facts = facts.model_copy(update={"held_out_of": mail_facts.list_holdouts(connection, client_id)})
    standing_row = connection.execute(
        select(standings, *CALL)
        .outerjoin(calls, match_open_call(standings.c.client_id))
        .where(standings.c.client_id == client_id)
    ).one_or_none()
    busy, eligibility = find_in_turn(mails) is not None, may_plan(facts, rules, now)
    if standing_row is None:
        return explain_mail_status(facts, eligibility, rules, now, None, busy, None)
    state = PhaseState(phase=Phase(standing_row.phase), since=standing_row.phase_since)
    last_mail = max((row.created_at for row in mails), default=None)
    reason = find_no_mail_decision(state, parse_answered(standing_row), parse_open_call(standing_row), last_mail)
    return explain_mail_status(
        facts, eligibility, rules, now, standing_row.next_touch_at, busy, standing_row.wake_at, reason
    )
