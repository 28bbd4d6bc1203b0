"""Calls of language models: saved one by one, and summed up for the budget of a client and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select

from models.base import ClientId
from models.model_call import ModelCall, ModelUsage
from store.tables import model_calls

DAY: Final = timedelta(days=1)


def save_calls(connection: Connection, calls: Iterable[ModelCall]) -> None:
    """Save all calls of one step, failed ones included."""
    rows = [call.model_dump() for call in calls]
    if rows:
        connection.execute(insert(model_calls), rows)


def find_repeated_failure(connection: Connection, calls: int = 5) -> str:
    """Find the code with which all of the latest calls failed; empty if one of them went well or they differ."""
    latest = connection.scalars(select(model_calls.c.verdict).order_by(model_calls.c.id.desc()).limit(calls)).all()
    return latest[0] if len(latest) == calls and len(set(latest)) == 1 and latest[0] != "ok" else ""


def load_spent_today(connection: Connection, client_id: ClientId, now: datetime) -> ModelUsage:
    """Load what the client's mail has cost in the 24 hours of business time before `now`.

    A day that slides has no midnight at which a client's allowance could be used twice.
    """
    c = model_calls.c
    calls, tokens = connection.execute(
        select(func.count(), func.coalesce(func.sum(c.tokens_in + c.tokens_out), 0)).where(
            c.client_id == client_id, c.at > now - DAY
        )
    ).one()
    return ModelUsage(calls=int(calls), tokens=int(tokens))
