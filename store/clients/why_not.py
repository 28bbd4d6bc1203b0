"""Why a client has not been mailed: one sentence, from what is stored now, whatever workflows remember."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from domain.eligibility import sentence
from domain.next_actions import instead_of_mail
from domain.phases import PhaseState
from domain.timing import MailRules
from errors import NotFound
from models.base import ClientId
from models.states import Phase
from store.clients.assessments import CALL, answered_of, call_of, of_call
from store.mail import ledger, mail_facts
from store.tables import calls, clients, standings


def why_not(connection: Connection, client_id: ClientId, rules: MailRules, signing_key: str, now: datetime) -> str:
    """The sentence at `now`. Raises NotFound."""
    client = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        raise NotFound(f"no client {client_id}", "client_id")
    facts = mail_facts.load(connection, client, signing_key, now)
    facts = facts.model_copy(update={"held_out_of": mail_facts.held_out_of(connection, client_id)})
    stands = connection.execute(
        select(standings, *CALL)
        .outerjoin(calls, of_call(standings.c.client_id))
        .where(standings.c.client_id == client_id)
    ).one_or_none()
    mails = ledger.of_client(connection, client_id)
    busy = ledger.in_turn(mails) is not None
    if stands is None:
        return sentence(facts, rules, now, None, busy, None)
    standing = PhaseState(phase=Phase(stands.phase), since=stands.phase_since)
    last_mail = max((row.created_at for row in mails), default=None)
    chosen = instead_of_mail(standing, answered_of(stands), call_of(stands), last_mail)
    return sentence(facts, rules, now, stands.next_touch_at, busy, stands.wake_at, chosen)
