"""Answers what a page asks for, from memory: the client's list, mixed for the page, and a record on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Engine

from errors import NotFound, SelvedgeError
from models.recommendation_requests import RecommendationQuery
from services.recommendations.recommender import Recommender
from services.serving.change_follower import STALE_SECONDS, ChangeFollower
from services.serving.client_lists import ClientList, ListCache
from services.serving.decision_lines import LineSaver, build_line, create_id
from services.serving.decision_spool import DecisionSpool
from services.serving.page_items import choose_items
from services.serving.popular_list import build_popular_list
from services.serving.related_items import RelatedItems
from services.serving.serving_metrics import answers_from
from settings import Settings
from store.database import read_transaction

LOADERS: Final = 4
"""Threads that load clients who are not in memory."""

MEMORY = answers_from.labels("memory")
STORE = answers_from.labels("store")
POPULARITY = answers_from.labels("popularity")


class ServedItems(NamedTuple):
    """What a page shows: items with their scores, best first, who ranked them, and what was missing (`degraded`)."""

    decision: str | None
    source: ClientList
    items: Sequence[tuple[str, float]]
    degraded: tuple[str, ...]


class ItemServer:
    """One for a web process. Its answers wait for the database only for a client who is not in memory, and at most
    `deadline` seconds."""

    def __init__(self, engine: Engine, recommender: Recommender, settings: Settings) -> None:
        self._engine = engine
        self._deadline = settings.recommendation_deadline_ms / 1_000
        self.lists = ListCache(settings.client_lists_in_memory)
        self.follower = ChangeFollower(engine, recommender, self.lists)
        self._save = LineSaver(engine)
        self._spool = DecisionSpool(settings.home / "spool", self._save)
        self._recommender = recommender
        self._related = RelatedItems(engine, recommender, settings)
        self._loaders = ThreadPoolExecutor(LOADERS, "clients")

    def start(self) -> None:
        """Begin to follow changes. Raises Unavailable without a database."""
        self.follower.start()
        self._related.start(self.follower.now)

    def close(self) -> None:
        """Save what waits and end the threads."""
        self.follower.close()
        self._related.close()
        self._loaders.shutdown(wait=True, cancel_futures=True)
        self._spool.close()

    async def serve(self, query: RecommendationQuery) -> ServedItems:
        """Choose the items for a page, and put the decision on its way. Raises NotFound for an unknown client or item,
        and Unavailable where a record is asked for at once and the database is away."""
        source = self.lists.find(query.client_id)
        degraded: tuple[str, ...] = ()
        if source is not None:
            MEMORY.inc()
            if source.generation != self._recommender.generation or time.monotonic() - source.built > STALE_SECONDS:
                self.follower.refresh_soon(query.client_id)
        else:
            source, degraded = await self._load(query)
        catalogue = self._recommender.peek_state().blend.catalogue
        items = choose_items(source, query, catalogue, self._related.find(catalogue), self.follower.now().timestamp())
        return await self._record(query, source, items, degraded)

    async def explain(self, served: ServedItems) -> dict[str, str]:
        """Give the reason of each item in words, from what is known of the client now. Raises Unavailable."""
        client_id, items = served.source.client_id, [item_id for item_id, _ in served.items]
        explain = partial(self._explain, client_id, items)
        return await asyncio.get_running_loop().run_in_executor(self._loaders, explain)

    def _explain(self, client_id: str, items: Sequence[str]) -> dict[str, str]:
        with read_transaction(self._engine) as connection:
            return self._recommender.explain_items(connection, client_id, items, self.follower.now())

    async def _load(self, query: RecommendationQuery) -> tuple[ClientList, tuple[str, ...]]:
        """Load a client who is not in memory; when that takes too long, show what is popular."""
        loop = asyncio.get_running_loop()
        loading = loop.run_in_executor(self._loaders, self._build_list, query.client_id)
        try:
            source = await asyncio.wait_for(asyncio.shield(loading), self._deadline)
        except (TimeoutError, SelvedgeError) as failed:
            if isinstance(failed, NotFound):
                raise
            POPULARITY.inc()
            return build_popular_list(query.client_id, self._recommender.peek_state(), self.follower.now()), ("client",)
        STORE.inc()
        return source, ()

    def _build_list(self, client_id: str) -> ClientList:
        with self.lists.announce(client_id), read_transaction(self._engine) as connection:
            built = list(self.follower.builder.build(connection, [client_id], self.follower.now()))
            if not built:
                raise NotFound("no client has this id", "client_id")
            self.lists.keep(built)
            return built[0]

    async def _record(
        self,
        query: RecommendationQuery,
        source: ClientList,
        items: Sequence[tuple[str, float]],
        degraded: tuple[str, ...],
    ) -> ServedItems:
        decision = create_id()
        shown = [{"item_id": item_id, "score": score} for item_id, score in items]
        answer = {"items": shown, "context": query.context, "placement": query.placement, "degraded": degraded}
        line = build_line(decision, source.origin, self.follower.now(), answer, question=not source.use.recorded)
        source.use.recorded = True
        if query.recorded == "sync":
            await asyncio.get_running_loop().run_in_executor(self._loaders, self._save, [line])
        elif not self._spool.put(line):
            return ServedItems(None, source, items, (*degraded, "record"))
        return ServedItems(decision, source, items, degraded)
