"""Why a client has not been mailed: one sentence, from what is stored now, whatever workflows remember."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from domain.eligibility import sentence
from domain.timing import MailRules
from errors import NotFound
from models.base import ClientId
from store import ledger, mail_facts
from store.tables import clients, standings


def why_not(connection: Connection, client_id: ClientId, rules: MailRules, signing_key: str, now: datetime) -> str:
    """The sentence at `now`. Raises NotFound."""
    client = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        raise NotFound(f"no client {client_id}", "client_id")
    facts = mail_facts.load(connection, client, signing_key, now)
    stands = connection.execute(
        select(standings.c.next_touch_at, standings.c.wake_at).where(standings.c.client_id == client_id)
    ).one_or_none()
    busy = ledger.in_turn(ledger.of_client(connection, client_id)) is not None
    if stands is None:
        return sentence(facts, rules, now, None, busy, None)
    return sentence(facts, rules, now, stands.next_touch_at, busy, stands.wake_at)
