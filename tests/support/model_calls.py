"""Calls of a model that were made, for tests."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from models.model_call import ModelCall
from store.tables import model_calls


def save_calls(connection: Connection, calls: Iterable[ModelCall]) -> None:
    """Save calls that have ended."""
    if rows := [call.model_dump() for call in calls]:
        connection.execute(insert(model_calls), rows)
