"""List the calls that stylists are to make, and those that they made."""

from __future__ import annotations

from sqlalchemy import Engine

from errors import BadInput
from models.calls import Call, CallState
from store.clients import calls
from store.database import read_transaction


def list_calls(engine: Engine, state: str, limit: int) -> list[Call]:
    """List calls in a state, empty for all: the longest open first, else the latest first. Raises BadInput for a state
    that there is not."""
    if state and state not in set(CallState):
        raise BadInput(f"must be {', '.join(CallState)}, or empty for all", "state")
    with read_transaction(engine) as connection:
        return [calls.parse_call(row) for row in calls.list_calls(connection, state, limit)]
