"""Who stands behind the revenue at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from models.base import ClientId
from store.clients.lists import ClientSummary, list_summaries
from store.database import read_transaction
from store.figures.counting import find_largest_stakes


class ClientAtRisk(NamedTuple):
    """A client, and what they spent so far times the chance that they have left, in cents."""

    client: ClientSummary
    stake_cents: int


def count_largest_stakes(connection: Connection) -> Mapping[ClientId, int]:
    """Find the twenty clients with most to lose, as a count that may be recalled."""
    return find_largest_stakes(connection, 20)


def list_at_risk(engine: Engine, stakes: Mapping[ClientId, int]) -> Sequence[ClientAtRisk]:
    """List these clients as they stand now, the largest stake first; whoever was erased is left out."""
    with read_transaction(engine) as connection:
        found = list_summaries(connection, list(stakes))
    return sorted((ClientAtRisk(one, stakes[one.client_id]) for one in found), key=lambda row: -row.stake_cents)
