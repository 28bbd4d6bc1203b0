"""Build the lists that a Refresh makes for every client."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from errors import NotFound, Unavailable
from models.base import ClientId
from models.refreshes import RefreshState, RefreshStep, TopPick, TopPicks
from services.recommendations.recommender import ItemsRequest, Recommender
from store.database import write_transaction
from store.learning import refreshes, top_picks

CONTEXT: Final = "email"


def load_shard(engine: Engine, step: RefreshStep) -> tuple[ClientId, ClientId | None, ClientId | None]:
    """Return the first client of a shard, that of the next shard, and the last one whose list this Refresh has made."""
    with write_transaction(engine) as connection:
        row = refreshes.load_refresh(connection, step.refresh)
        if row.state == RefreshState.LEARNING:
            refreshes.update_report(connection, step.refresh, state=RefreshState.PICKING)
        firsts: list[Any] = [*row.plan["shards"], None]
        first, until = firsts[step.part : step.part + 2]
        return first, until, top_picks.find_last_client(connection, step.refresh, first, until)


def build_lists(
    recommender: Recommender, connection: Connection, client_ids: list[ClientId], n: int, now: datetime
) -> list[TopPicks]:
    """Build the list of the `n` best items for each client. Raises Unavailable when one was erased meanwhile."""
    requests = [ItemsRequest(client_id, n) for client_id in client_ids]
    try:
        answers = list(recommender.rank_items(connection, requests, now, CONTEXT))
    except NotFound:  # erased since; the next attempt no longer sees the client
        raise Unavailable("a client has gone meanwhile") from None
    return [
        TopPicks(
            client_id=client_id,
            context=CONTEXT,
            at=now,
            algorithm=recommendation.algorithm,
            artefact=recommendation.version,
            items=tuple(TopPick(item_id=pick.item_id, score=pick.score) for pick in recommendation.picks),
        )
        for client_id, recommendation in zip(client_ids, answers, strict=True)
    ]
