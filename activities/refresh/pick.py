"""Lists for everybody, a shard at a time, wherever a worker is free.

Who goes on for one that died begins after the last list that was kept; the beats would lag behind it by seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from temporalio import activity

from activities.heartbeat import beating
from errors import NotFound, Unavailable
from models.base import ClientId
from models.refreshes import ListedItem, RefreshCount, RefreshState, RefreshStep, TopPicks
from services.context import ServiceContext
from services.recommendations.recommender import Recommender, Wanted
from store.database import read_transaction, write_transaction
from store.learning import refreshes, top_picks

CONTEXT: Final = "email"
AT_ONCE: Final = 100
"""Clients whose lists are made, and kept in one transaction."""


class PickForAll:
    """See the module."""

    def __init__(self, context: ServiceContext, recommender: Recommender) -> None:
        self._context, self._recommender = context, recommender

    @activity.defn
    def pick_shard(self, step: RefreshStep) -> RefreshCount:
        """The best items for each client of one shard, by whoever serves now; how many clients this attempt did."""
        first, until, after = self._shard(step)
        done = 0
        with beating() as far:
            while True:
                with read_transaction(self._context.engine) as connection:
                    _, now = self._context.business_time(connection, step.at)
                    these = top_picks.clients_of(connection, first, until, after, AT_ONCE)
                    lists = self._lists(connection, these, now)
                if not these:
                    return RefreshCount(count=done)
                with write_transaction(self._context.engine) as connection:
                    top_picks.put(connection, step.refresh, lists)
                done, after = done + len(these), these[-1]
                far(after)

    def _shard(self, step: RefreshStep) -> tuple[ClientId, ClientId | None, ClientId | None]:
        """Its first client, that of the next shard, and the last one whose list this Refresh has made."""
        with write_transaction(self._context.engine) as connection:
            row = refreshes.get(connection, step.refresh)
            if row.state == RefreshState.LEARNING:
                refreshes.note(connection, step.refresh, state=RefreshState.PICKING)
            firsts: list[Any] = [*row.plan["shards"], None]
            first, until = firsts[step.part : step.part + 2]
            return first, until, top_picks.last_of(connection, step.refresh, first, until)

    def _lists(self, connection: Connection, these: list[ClientId], now: datetime) -> list[TopPicks]:
        wanted = [Wanted(each, self._context.settings.refresh_picks) for each in these]
        try:
            made = list(self._recommender.lists(connection, wanted, now, CONTEXT))
        except NotFound:  # erased since; the next attempt no longer sees the client
            raise Unavailable("a client has gone meanwhile") from None
        return [
            TopPicks(
                client_id=client_id,
                context=CONTEXT,
                at=now,
                algorithm=each.algorithm,
                artefact=each.version,
                items=tuple(ListedItem(item_id=pick.item_id, score=pick.score) for pick in each.picks),
            )
            for client_id, each in zip(these, made, strict=True)
        ]
