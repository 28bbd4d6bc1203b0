"""Make the lists of all clients, a shard at a time, wherever a worker is free.

The attempt after one that died begins after the last saved list; heartbeats would lag behind it by seconds.
"""

from __future__ import annotations

from typing import Final

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from models.refreshes import RefreshCount, RefreshStep
from services.context import ServiceContext
from services.recommendations.recommender import Recommender
from services.training import top_lists
from store.database import read_transaction, write_transaction
from store.learning import top_picks

AT_ONCE: Final = 100
"""Clients whose lists are made and saved in one transaction."""


class TopListSteps:
    """The step that makes the lists of one shard."""

    def __init__(self, context: ServiceContext, recommender: Recommender) -> None:
        self._context, self._recommender = context, recommender

    @declare_activity()
    def pick_shard(self, step: RefreshStep) -> RefreshCount:
        """Save the best items for each client of one shard, by the serving algorithm; return how many this attempt
        did."""
        first, until, after = top_lists.load_shard(self._context.engine, step)
        done, n = 0, self._context.settings.refresh_picks
        with send_heartbeats() as report_progress:
            while True:
                with read_transaction(self._context.engine) as connection:
                    _, now = self._context.load_business_time(connection, step.at)
                    clients = top_picks.list_shard_clients(connection, first, until, after, AT_ONCE)
                    lists = top_lists.build_lists(self._recommender, connection, clients, n, now)
                if not clients:
                    return RefreshCount(count=done)
                with write_transaction(self._context.engine) as connection:
                    top_picks.save_lists(connection, step.refresh, lists)
                done, after = done + len(clients), clients[-1]
                report_progress(after)
