"""Answers what a page asks for, from memory: the client's list, mixed for the page, and a record on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Engine

from domain.visit_ids import is_ours, may_be_remembered
from errors import BadInput, NotFound, SelvedgeError, Unavailable
from models.base import ClientId
from models.flags import FlagSlug
from models.recommendation_requests import PageContext, RecommendationQuery
from models.remote_flags import RemoteFlag
from models.search_answers import SearchAnswer, SuggestAnswer
from models.search_requests import SearchFilters, SearchQuery, SuggestQuery
from models.visits import VisitEvent
from services.flags.page_flags import NO_ARMS, PageArms, PageFlags
from services.recommendations.recommender import Recommender
from services.search.item_search import NOBODY, ItemSearch
from services.serving.change_follower import STALE_SECONDS, ChangeFollower
from services.serving.client_lists import ClientList, ListCache, RankingChoice
from services.serving.decision_lines import LineSaver, build_line, create_id
from services.serving.decision_spool import DecisionSpool
from services.serving.page_arms import ArmChooser, find_choice
from services.serving.page_items import ScoredItems, choose_items, filter_matches
from services.serving.popular_list import PopularItems
from services.serving.related_items import RelatedItems
from services.serving.serving_helper import ServingHelper
from services.serving.serving_metrics import answers_from
from services.visits.visits import require_no_visit, require_visit
from settings import Settings
from store.database import read_transaction

LOADERS: Final = 4
"""Threads that load clients who are not in memory."""
SEARCHERS: Final = 2
"""Threads that search; the engine works without the interpreter."""
SEARCH_REMEMBERED: Final = 5
"""Items that stand for a search in the memory of a visit."""
MATCHES: Final = 300
"""Answers to a search from which a page is chosen."""
NOTHING_MISSING: Final[tuple[str, ...]] = ()

Found = TypeVar("Found")

MEMORY = answers_from.labels("memory")
STORE = answers_from.labels("store")
POPULARITY = answers_from.labels("popularity")


class ServedItems(NamedTuple):
    """What a page shows: items with their scores, best first, who ranked them, what was missing (`degraded`), and what
    flags said."""

    decision: str | None
    source: ClientList
    items: Sequence[tuple[str, float]]
    degraded: tuple[str, ...]
    flags: PageArms = NO_ARMS


class ItemServer:
    """One for a web process. Its answers wait for the database only for a client who is not in memory, and at most
    `deadline` seconds. `helper`: does beside this process what would hold its interpreter."""

    def __init__(
        self, engine: Engine, recommender: Recommender, settings: Settings, helper: ServingHelper | None = None
    ) -> None:
        self._helper = helper
        self._engine, self._signing_key = engine, settings.keys.signing
        self._deadline = settings.recommendation_deadline_ms / 1_000
        self.lists = ListCache(settings.client_lists_in_memory)
        flags = PageFlags(settings)
        self._flags = flags
        self.follower = ChangeFollower(engine, recommender, self.lists, flags.running, helper)
        self._save = LineSaver(engine)
        self._spool = DecisionSpool(settings.home / "spool", self._save_beside)
        self._arms = ArmChooser(flags, self._spool, self._deadline)
        self._recommender = recommender
        self._related = RelatedItems(engine, recommender, settings, self.follower.now)
        self._popular = PopularItems()
        self._loaders = ThreadPoolExecutor(LOADERS, "clients")
        self._search = ItemSearch(recommender, settings)
        self._searchers = ThreadPoolExecutor(SEARCHERS, "search")

    def start(self) -> None:
        """Begin to follow changes. Raises Unavailable without a database."""
        self.follower.start()
        self._related.start()
        self._search.start()

    def close(self) -> None:
        """Save what waits and end the threads."""
        self.follower.close()
        self._related.close()
        self._search.close()
        self._searchers.shutdown(wait=True, cancel_futures=True)
        self._loaders.shutdown(wait=True, cancel_futures=True)
        self._arms.close()
        self._spool.close()

    async def serve(self, query: RecommendationQuery) -> ServedItems:
        """Choose the items for a page, and put the decision on its way. Raises NotFound for an unknown client or item,
        and Unavailable where a record is asked for at once and the database is away."""
        source, degraded = await self._find_source(query.client_id, query.session_id)
        if self._flags.is_idle or degraded:
            return await self._record(query, source, await self._choose(source, query), degraded)
        return await self._serve_flagged(query, source)

    async def _serve_flagged(self, query: RecommendationQuery, own: ClientList) -> ServedItems:
        """Serve a page on which flags may hold."""
        page, degraded = await self._arms.choose(own, query)
        effect, source = page.effect, own
        if (choice := find_choice(effect)) is not None:
            source, missing = await self._find_choice(own, choice)
            degraded += missing
        if effect.count is not None:
            query = query.model_copy(update={"n": effect.count})
        items = await self._choose(source, query) if effect.shown else []
        self._arms.note_exposure(own, page.arms, self.follower.now())
        if not effect.shown:
            return ServedItems(None, source, items, degraded, page)
        return await self._record(query, source, items, degraded, page)

    async def evaluate_flags(self, subject: str, slug: FlagSlug | None) -> list[RemoteFlag]:
        """Evaluate a flag of ours, or all, about a client or visit, by its id, and note what they see. Raises NotFound
        for the flag, BadInput for the subject, and Unavailable where a client is not found in time."""
        client_id, visit = (None, subject) if is_ours(subject, self._signing_key) else (subject, None)
        try:
            source, degraded = await self._find_source(client_id, visit)
        except NotFound as unknown:
            raise BadInput(unknown.reason, "targetingKey") from None
        if degraded:
            raise Unavailable("the client cannot be looked up now")
        return self._arms.evaluate(source, slug, self.follower.now())

    async def _choose(self, source: ClientList, query: RecommendationQuery) -> ScoredItems:
        if query.context is PageContext.SEARCH:
            return await self._choose_matches(source, query)
        return choose_items(source, query, self._related.find(source.catalogue), self.follower.now().timestamp())

    async def search_items(self, query: SearchQuery) -> SearchAnswer:
        """Answer a search, with a client in the client's own order. Raises NotFound for an unknown client, and
        Unavailable until the catalogue is indexed."""
        liking, degraded = NOBODY, NOTHING_MISSING
        if query.client_id is not None or query.session_id is not None:
            source, degraded = await self._find_source(query.client_id, query.session_id)
            liking = source.find_liking_by_id()
        found = await self._run_search(partial(self._search.search, query, liking))
        return found.model_copy(update={"degraded": degraded}) if degraded else found

    async def suggest_searches(self, query: SuggestQuery) -> SuggestAnswer:
        """Complete what somebody is typing. Raises Unavailable until the catalogue is indexed."""
        return await self._run_search(partial(self._search.suggest, query))

    async def _choose_matches(self, source: ClientList, query: RecommendationQuery) -> ScoredItems:
        """Choose what answers the words of a search among what may be shown to the client."""
        filters = SearchFilters(category=() if query.category is None else (query.category,))
        liking = source.find_liking_by_id()
        matches = await self._run_search(partial(self._search.match, query.q or "", filters, liking, MATCHES))
        return filter_matches(source, query, zip(matches.item_ids, matches.scores, strict=True))

    async def _run_search(self, search: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._searchers, search)

    def find_event_items(self, event: VisitEvent) -> list[str]:
        """Find the items of an event of a visit: its own, or what its words find; the words are not kept. Raises
        BadInput for an item that the catalogue lacks."""
        if event.item_id is None:
            return list(self._search.match(event.query or "", SearchFilters(), NOBODY, SEARCH_REMEMBERED).item_ids)
        if event.item_id not in self._recommender.peek_state().blend.catalogue.index:
            raise BadInput("is not in the catalogue", "item_id")
        return [event.item_id]

    async def _find_source(
        self, client_id: ClientId | None, visit_id: str | None
    ) -> tuple[ClientList, tuple[str, ...]]:
        """Find the list of a client or of a visit; a visit that may not be remembered has that of everybody. Raises
        BadInput for a visit that is none of ours, NotFound for one in the place of a client."""
        if client_id is not None or visit_id is None:
            return await self._find_or_load(require_no_visit(client_id or ""))
        key = require_visit(visit_id, self._signing_key)
        if not may_be_remembered(visit_id):
            return self._popular.build_list(key, self._recommender.peek_state(), self.follower.now()), NOTHING_MISSING
        return await self._find_or_load(key)

    async def _find_or_load(self, client_id: ClientId) -> tuple[ClientList, tuple[str, ...]]:
        source = self._find_list(client_id)
        return (source, NOTHING_MISSING) if source is not None else await self._load(client_id)

    async def _find_choice(self, own: ClientList, choice: RankingChoice) -> tuple[ClientList, tuple[str, ...]]:
        """Find the list that a flag asks for; where it cannot be ranked in time, the client's own stands in."""
        source = self._find_list(own.client_id, choice)
        if source is not None:
            return source, NOTHING_MISSING
        try:
            return await self._build_in_time(own.client_id, choice), NOTHING_MISSING
        except (TimeoutError, SelvedgeError):
            return own, ("variant",)

    def _find_list(self, client_id: ClientId, choice: RankingChoice | None = None) -> ClientList | None:
        """Find the client's list in memory, over the catalogue in force; one that may be outdated is ranked again
        soon."""
        found = self.lists.find(client_id, choice)
        if found is None:
            return None
        MEMORY.inc()
        catalogue, ranked_now = self._recommender.peek_state().blend.catalogue, self._recommender.generation
        if found.generation != ranked_now or time.monotonic() - found.built > STALE_SECONDS:
            self.follower.refresh_soon(client_id)
        if found.catalogue.items is not catalogue.items:
            self.follower.refresh_soon(client_id)
            found = found.rebase(catalogue)
            self.lists.keep([found])
        elif found.catalogue is not catalogue:
            if found.catalogue.arrivals != catalogue.arrivals:  # ranked while there was nothing of it
                self.follower.refresh_soon(client_id)
            found = replace(found, catalogue=catalogue)  # the same items with the stock counted again
        return found

    def _save_beside(self, lines: Sequence[bytes]) -> None:
        """Save lines of the spool, in the process beside this one where it stands."""
        if self._helper is None or not self._helper.save_decisions(lines):
            self._save(lines)

    async def explain(self, served: ServedItems) -> dict[str, str]:
        """Give the reason of each item in words, from what is known of the client now. Raises Unavailable."""
        client_id, items = served.source.client_id, [item_id for item_id, _ in served.items]
        explain = partial(self._explain, client_id, items)
        return await asyncio.get_running_loop().run_in_executor(self._loaders, explain)

    def _explain(self, client_id: ClientId, items: Sequence[str]) -> dict[str, str]:
        with read_transaction(self._engine) as connection:
            return self._recommender.explain_items(connection, client_id, items, self.follower.now())

    async def _load(self, client_id: ClientId) -> tuple[ClientList, tuple[str, ...]]:
        """Load a client who is not in memory; when that takes too long, show what is popular."""
        try:
            source = await self._build_in_time(client_id, None)
        except NotFound:
            raise
        except (TimeoutError, SelvedgeError):
            POPULARITY.inc()
            state, now = self._recommender.peek_state(), self.follower.now()
            return self._popular.build_list(client_id, state, now), ("client",)
        STORE.inc()
        return source, NOTHING_MISSING

    async def _build_in_time(self, client_id: ClientId, choice: RankingChoice | None) -> ClientList:
        """Build a list within the deadline; one that takes longer is there for later. Raises TimeoutError, NotFound and
        Unavailable."""
        loading = asyncio.get_running_loop().run_in_executor(self._loaders, self._build_list, client_id, choice)
        loading.add_done_callback(_take_failure)
        return await asyncio.wait_for(asyncio.shield(loading), self._deadline)

    def _build_list(self, client_id: ClientId, choice: RankingChoice | None) -> ClientList:
        with self.lists.announce(client_id), read_transaction(self._engine) as connection:
            built = list(self.follower.builder.build(connection, [client_id], self.follower.now(), choice))
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
        flags: PageArms = NO_ARMS,
    ) -> ServedItems:
        if query.client_id is None:  # nothing of a visit is on record
            return ServedItems(None, source, items, degraded, flags)
        decision = create_id()
        shown = [{"item_id": item_id, "score": score} for item_id, score in items]
        answer: dict[str, Any] = {"items": shown, "context": query.context, "placement": query.placement}
        answer["degraded"] = degraded
        if flags.arms:
            answer["flags"] = flags.arms
        line = build_line(decision, source.origin, self.follower.now(), answer, question=not source.use.recorded)
        if query.recorded == "sync":
            await asyncio.get_running_loop().run_in_executor(self._loaders, self._save, [line])
        elif not self._spool.put(line):
            return ServedItems(None, source, items, (*degraded, "record"), flags)
        source.use.recorded = True
        return ServedItems(decision, source, items, degraded, flags)


def _take_failure(loading: asyncio.Future[ClientList]) -> None:
    """Take the failure of a load that nobody waits for any more, which would be a traceback in the log otherwise."""
    if not loading.cancelled():
        loading.exception()
