"""Rows that tests begin with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from models.catalogue import ItemRow
from models.clients import ClientRow
from models.events import EVENT, Event
from models.states import Band, Phase
from services.clients import registration
from services.ingestion import item_intake
from store.mail.policy import ShopPolicy
from store.tables import outbox, standings
from tests.store.conftest import NOW, REAL


def client_row(client_id: str, **fields: Any) -> ClientRow:
    return ClientRow.model_validate({"client_id": client_id, "email": f"{client_id}@shop.example", **fields})


def seed_clients(connection: Connection, policy: ShopPolicy, *ids: str, consent: bool = True) -> None:
    """Clients that nobody waits for: no start is pending, and none is held until the shop says go."""
    rows = [client_row(client_id, consent=consent) for client_id in ids]
    registration.upsert_clients(connection, rows, policy, NOW, REAL, start=False)
    connection.execute(delete(outbox).where(outbox.c.held))


def seed_items(connection: Connection, policy: ShopPolicy, *ids: str) -> None:
    rows = [ItemRow.model_validate({"item_id": i, "title": i, "category": "knit", "price": "10"}) for i in ids]
    item_intake.put_items(connection, rows, policy, NOW)


def event(event_id: str, kind: str, client_id: str = "ann", at: datetime = NOW, **fields: Any) -> Event:
    return EVENT.validate_python(
        {"event_id": event_id, "client_id": client_id, "type": kind, "occurred_at": at.isoformat(), **fields}
    )


def days(count: float) -> timedelta:
    return timedelta(days=count)


def seed_standing(
    connection: Connection, client_id: str, phase: Phase = Phase.COOLING, lift_score: float | None = 44.0
) -> None:
    """Where an assessment put the client."""
    connection.execute(
        standings.insert().values(
            client_id=client_id,
            phase=phase,
            phase_since=NOW,
            band=Band.COOLING,
            score=25.0,
            assessment_id="a1",
            assessed_at=NOW,
            lift_score=lift_score,
        )
    )


def list_waiting(connection: Connection) -> list[str]:
    """Targets of the nudges that wait to be sent."""
    return sorted(connection.scalars(select(outbox.c.target).where(~outbox.c.held)))
