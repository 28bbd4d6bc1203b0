"""Recommendations from the store: what many requests share is cached and rebuilt when it changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, cast

from sqlalchemy import Connection, Engine

from algorithms.blending import explain
from algorithms.blending.blend import HEAD, Blend, EligibleItems
from algorithms.blending.catalogue import Catalogue, StockLine
from algorithms.blending.contracts import RankingRequest, Recommendation
from algorithms.blending.explain import ClientEvidence
from algorithms.blending.ranking_questions import MOST, build_picks, build_question
from algorithms.blending.trend import WINDOW_DAYS, Trend
from algorithms.slots.batches import split_into_chunks
from algorithms.slots.built_in import BuiltIn
from domain.histories import ClientSignals
from errors import BadInput
from models.catalogue import Item
from models.mail import Pick
from models.slots import RankingAnswer, RankingQuestion, ScoredItem
from services.decisions.decider import Decider, PendingDecision
from services.recommendations.blend_weights import add_stored_model, read_weights
from settings import Settings
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SLOT: Final = "ranking"
CHECK_SECONDS: Final = 3.0
"""Real seconds for which the cache is trusted without a look at the store; the send gate reads the stock again."""
REST_FACTOR: Final = 30.0
"""The trend is counted again at most every CHECK_SECONDS and this many times as long as the counting took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Cache:
    """What is known of the store, and when (real seconds) each part was last checked."""

    blend: Blend
    fingerprint: str
    artefact: Artefact | None
    checked: float
    count_again: float

    @property
    def version(self) -> str:
        """The version of the blend: its model's id."""
        return self.artefact.id if self.artefact else "built-in"


class ItemsRequest(NamedTuple):
    """A request for `n` items for a client; `exclude` and `sizes` as in `Recommender.recommend`. `groups`, by
    normalised category: the items are spread over them, so that each group has its best."""

    client_id: str
    n: int
    exclude: frozenset[str] = frozenset()
    sizes: tuple[str, ...] = ()
    groups: Mapping[str, str] | None = None


class RankedItems(NamedTuple):
    """A client's items, best first, and who ranked them."""

    picks: tuple[Pick, ...]
    algorithm: str
    version: str


class BlendRanking:
    """The built-in for one client: the blend's ranking of what it scored. `picks`: set once it was asked."""

    def __init__(self, blend: Blend, scored: EligibleItems, groups: Mapping[str, str] | None = None) -> None:
        self._blend, self._scored, self._groups = blend, scored, groups
        self.picks: tuple[Pick, ...] = ()

    def answer(self, question: RankingQuestion) -> RankingAnswer:
        """Select the best items; they keep what explains them in `picks`."""
        self.picks = self._blend.select_best(self._scored, question.n, self._groups)
        return RankingAnswer(items=tuple(ScoredItem(item_id=pick.item_id, score=pick.score) for pick in self.picks))


class Recommender:
    """Recommends items. One for a process; safe from many threads. Without a `decider` only the built-in ranks.
    `check_seconds`: see CHECK_SECONDS."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        decider: Decider | None = None,
        *,
        check_seconds: float = CHECK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine, self.settings = engine, settings
        self._decider = decider or Decider()
        self.check_seconds, self.monotonic = check_seconds, monotonic
        self._cache: _Cache | None = None
        self._rebuilding = threading.Lock()

    def recommend(
        self,
        connection: Connection,
        client_id: str,
        n: int,
        now: datetime,
        exclude: Iterable[str] = (),
        context: str = "email",
        sizes: tuple[str, ...] = (),
    ) -> Recommendation:
        """Recommend the `n` best items for a client at business time `now`, best first; fewer when no more may be
        shown.

        `sizes`: in the place of the client's own, where given. Raises NotFound for an unknown client. Costs two short
        statements; everything else is cached.
        """
        item_request = ItemsRequest(client_id, n, frozenset(exclude), sizes)
        (recommendation,) = self._recommend_together(connection, [item_request], now, context)
        return recommendation

    def recommend_many(
        self, connection: Connection, item_requests: Iterable[ItemsRequest], now: datetime, context: str = "email"
    ) -> Iterator[Recommendation]:
        """Recommend items for many clients, in their order; algorithms are asked about a chunk of clients in one
        call."""
        for chunk in split_into_chunks(tuple(item_requests)):
            yield from self._recommend_together(connection, chunk, now, context)

    def rank_items(
        self, connection: Connection, item_requests: Iterable[ItemsRequest], now: datetime, context: str = "email"
    ) -> Iterator[RankedItems]:
        """Rank items for many clients without reasons or records: for batches, where no algorithm is plugged in this is
        three times as fast."""
        if self._decider.has_algorithm(SLOT):
            for recommendation in self.recommend_many(connection, item_requests, now, context):
                yield RankedItems(recommendation.picks, recommendation.algorithm, recommendation.version)
            return
        cache = self._load_current(now)
        for item_request in item_requests:
            client = self._load_signals(connection, item_request, now)
            picks = cache.blend.rank(_build_request(item_request, now, context), client)
            yield RankedItems(picks, cache.blend.name, cache.version)

    def list_items(self, now: datetime) -> Sequence[Item]:
        """List the catalogue as the ranking knows it, from memory."""
        return self._load_current(now).blend.catalogue.items

    def load_ranking_inputs(self, connection: Connection, client_id: str, now: datetime) -> tuple[Blend, ClientSignals]:
        """Load the blend and the client's signals, for questions of other slots. Raises NotFound."""
        return self._load_current(now).blend, self._load_signals(connection, ItemsRequest(client_id, 1), now)

    def _recommend_together(
        self, connection: Connection, item_requests: Sequence[ItemsRequest], now: datetime, context: str
    ) -> Iterator[Recommendation]:
        """Recommend items for clients about whom algorithms are asked in one call."""
        cache = self._load_current(now)
        clients = [self._load_signals(connection, item_request, now) for item_request in item_requests]
        requests = [_build_request(item_request, now, context) for item_request in item_requests]
        groups = [item_request.groups for item_request in item_requests]
        answers = self._ask_algorithms(cache, requests, clients, groups)
        for client, (pending, picks) in zip(clients, answers, strict=True):
            explained_picks = _explain_picks(picks, cache.blend, client, now)
            shown = {"items": [pick.model_dump(mode="json") for pick in explained_picks]}
            yield Recommendation(explained_picks, pending.record.model_copy(update={"answer": shown}), pending.body)

    def _load_signals(self, connection: Connection, item_request: ItemsRequest, now: datetime) -> ClientSignals:
        signals = interactions.load_signals(connection, item_request.client_id, now)
        signals = signals if signals.personal else signals.leave_out_person()
        return replace(signals, sizes=item_request.sizes) if item_request.sizes else signals

    def _ask_algorithms(
        self,
        cache: _Cache,
        requests: Sequence[RankingRequest],
        clients: Sequence[ClientSignals],
        groups: Sequence[Mapping[str, str] | None],
    ) -> Iterator[tuple[PendingDecision, tuple[Pick, ...]]]:
        """Ask the slot's algorithms; the blend is the built-in."""
        started, blend, plugged = time.perf_counter(), cache.blend, self._decider.has_algorithm(SLOT)
        offered = [blend.score_eligible(request, client) for request, client in zip(requests, clients, strict=True)]
        questions = [
            # Without algorithms to ask, the question is kept for the record alone; what the blend chose from will do.
            build_question(blend, request, client, MOST if plugged else min(HEAD * request.n, MOST), scored, own)
            for request, client, scored, own in zip(requests, clients, offered, groups, strict=True)
        ]
        seconds = (time.perf_counter() - started) / len(requests)
        rankings = [BlendRanking(blend, scored, own) for scored, own in zip(offered, groups, strict=True)]
        built_ins = [BuiltIn(ranking.answer, blend.name, cache.version, seconds) for ranking in rankings]
        answers = self._decider.ask_many(SLOT, questions, built_ins)
        for question, ranking, pending in zip(questions, rankings, answers, strict=True):
            decision = pending.decision
            if decision.by_built_in:
                yield pending, ranking.picks
            else:
                yield pending, build_picks(question, cast(RankingAnswer, decision.answer), decision.algorithm)

    def _load_current(self, now: datetime) -> _Cache:
        """Return the cache of moments ago. While one thread rebuilds it, the others use the old one."""
        cache = self._cache
        if cache is not None and self.monotonic() - cache.checked < self.check_seconds:
            return cache
        waits = cache is None
        if not self._rebuilding.acquire(blocking=waits) and cache is not None:
            return cache
        try:
            self._cache = self._rebuild(self._cache, now)
            return self._cache
        finally:
            self._rebuilding.release()

    def _rebuild(self, old: _Cache | None, now: datetime) -> _Cache:
        started = self.monotonic()
        if old is not None and started - old.checked < self.check_seconds:
            return old  # another thread was quicker
        with read_transaction(self.engine) as connection:
            fingerprint = catalogue.compute_fingerprint(connection)
            artefact = artefacts.find_live(connection, SLOT)
            same_items = old is not None and _read_items_part(old.fingerprint) == _read_items_part(fingerprint)
            if old is not None and same_items:
                blend = old.blend if fingerprint == old.fingerprint else self._update_stock(connection, old.blend)
            else:
                blend = self._build_blend(connection)
            if old is None or not same_items or artefact != old.artefact:
                blend = self._update_model(blend, artefact)
            count_again = old.count_again if old is not None and same_items else started
            if started >= count_again:
                counting = self.monotonic()
                blend = replace(blend, trend=_build_trend(connection, blend.catalogue, now))
                count_again = self.monotonic() + max(self.check_seconds, REST_FACTOR * (self.monotonic() - counting))
        return _Cache(blend, fingerprint, artefact, started, count_again)

    def _build_blend(self, connection: Connection) -> Blend:
        items, lines = catalogue.list_items(connection), _load_stock_lines(connection)
        return Blend(Catalogue.of(items, lines), Trend(), read_weights(self.settings))

    def _update_stock(self, connection: Connection, blend: Blend) -> Blend:
        return replace(blend, catalogue=blend.catalogue.with_stock(_load_stock_lines(connection)))

    def _update_model(self, blend: Blend, artefact: Artefact | None) -> Blend:
        """Return the blend with the live model over the current catalogue; without a model, content match alone."""
        if artefact is None:
            return replace(blend, model=None)
        try:
            return add_stored_model(blend, artefact, Path(self.settings.home))
        except (BadInput, OSError) as broken:
            log.error("artefact %s cannot be read (%s); content match serves", artefact.id, type(broken).__name__)
            return replace(blend, model=None)


def _build_request(item_request: ItemsRequest, now: datetime, context: str) -> RankingRequest:
    return RankingRequest(
        client_id=item_request.client_id, n=item_request.n, now=now, context=context, exclude=item_request.exclude
    )


def _read_items_part(fingerprint: str) -> str:
    """Return the half of the fingerprint that covers the items; the other half covers the stock."""
    return fingerprint.partition(".")[0]


def _load_stock_lines(connection: Connection) -> list[StockLine]:
    by_item = catalogue.count_available(connection)
    return [(item_id, size, units) for item_id, sizes in by_item.items() for size, units in sizes.items()]


def _build_trend(connection: Connection, items: Catalogue, now: datetime) -> Trend:
    touches = interactions.load_interactions(connection, now - timedelta(days=WINDOW_DAYS), now)
    return Trend.of(touches, items, interactions.load_descriptions(connection) if len(touches) else {})


def _explain_picks(picks: tuple[Pick, ...], blend: Blend, client: ClientSignals, now: datetime) -> tuple[Pick, ...]:
    goods, reasons = blend.catalogue, blend.reasons(client, [pick.item_id for pick in picks if not pick.by])
    known = {t.item_id: goods.items[goods.index[t.item_id]] for t in client.touches if t.item_id in goods.index}
    evidence = ClientEvidence.of(client, known)
    words = [
        explain.explain_pick(pick, goods.items[goods.index[pick.item_id]], evidence, now, reasons.get(pick.item_id))
        for pick in picks
    ]
    return tuple(pick.model_copy(update={"why": why}) for pick, why in zip(picks, words, strict=True))
