"""Recommendations from the store: everything that many requests share is kept in memory and renewed when it changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, cast

from sqlalchemy import Connection, Engine

from algorithms.blending import explain
from algorithms.blending.blend import HEAD, Blend
from algorithms.blending.catalogue import Catalogue, StockLine
from algorithms.blending.contracts import RankingRequest, Recommendation
from algorithms.blending.explain import Story
from algorithms.blending.ranking_questions import MOST, picks_of, question_of
from algorithms.blending.trend import WINDOW_DAYS, Trend
from algorithms.slots.batches import chunks
from domain.histories import ClientSignals
from errors import BadInput
from models.mail import Pick
from models.policies import BUILT_IN
from models.slots import RankingAnswer, Scored
from services.decisions.decider import Asked, Decider
from services.recommendations.blend_weights import weights_of, with_kept
from settings import Settings
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SLOT: Final = "ranking"
CHECK_SECONDS: Final = 3.0
"""Real seconds for which memory is trusted without a look at the store; the door reads the stock again."""
REST: Final = 30.0
"""What is popular is counted anew at most each CHECK_SECONDS and this many times as long as the counting took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Memory:
    """What is known of the store, and when (real seconds) each part was last seen to be so."""

    blend: Blend
    fingerprint: str
    artefact: Artefact | None
    checked: float
    count_again: float

    @property
    def version(self) -> str:
        """Of the blend: the model in it."""
        return self.artefact.id if self.artefact else "built-in"


class Wanted(NamedTuple):
    """`n` items for a client; `exclude` and `sizes` as in `Recommender.recommend`."""

    client_id: str
    n: int
    exclude: frozenset[str] = frozenset()
    sizes: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A client's items, best first, and who chose them."""

    picks: tuple[Pick, ...]
    algorithm: str
    version: str


class Recommender:
    """Answers for one process; safe to ask from many threads. Without a `decider` the house alone does.
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
        self._memory: _Memory | None = None
        self._renewing = threading.Lock()

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
        """The `n` best items for a client at business time `now`, best first; fewer when no more may be shown.

        `sizes`: in the place of the client's own, where stated. Raises NotFound for an unknown client. Two short
        statements; everything else is in memory.
        """
        (made,) = self.recommend_many(connection, [Wanted(client_id, n, frozenset(exclude), sizes)], now, context)
        return made

    def recommend_many(
        self, connection: Connection, wanted: Iterable[Wanted], now: datetime, context: str = "email"
    ) -> Iterator[Recommendation]:
        """`recommend` for many clients, in their order: algorithms are asked about a chunk of them in one call."""
        memory = self._current(now)
        for chunk in chunks(tuple(wanted)):
            clients = [self._signals(connection, each, now) for each in chunk]
            requests = [_request(each, now, context) for each in chunk]
            answered = self._answered(memory, requests, clients)
            for client, (asked, picks) in zip(clients, answered, strict=True):
                told = _explained(picks, memory.blend, client, now)
                shown = {"items": [pick.model_dump(mode="json") for pick in told]}
                yield Recommendation(told, asked.record.model_copy(update={"answer": shown}), asked.body)

    def lists(
        self, connection: Connection, wanted: Iterable[Wanted], now: datetime, context: str = "email"
    ) -> Iterator[Listed]:
        """The same items with no reasons and nothing to record: for batches, where no algorithm is plugged in thrice
        as fast."""
        if self._decider.asks(SLOT):
            for made in self.recommend_many(connection, wanted, now, context):
                yield Listed(made.picks, made.algorithm, made.version)
            return
        memory = self._current(now)
        for each in wanted:
            client = self._signals(connection, each, now)
            picks = memory.blend.rank(_request(each, now, context), client)
            yield Listed(picks, memory.blend.name, memory.version)

    def known(self, connection: Connection, client_id: str, now: datetime) -> tuple[Blend, ClientSignals]:
        """What a ranking for this client would rest on, for questions of other slots. Raises NotFound."""
        return self._current(now).blend, self._signals(connection, Wanted(client_id, 1), now)

    def _signals(self, connection: Connection, wanted: Wanted, now: datetime) -> ClientSignals:
        found = interactions.signals(connection, wanted.client_id, now)
        return replace(found, sizes=wanted.sizes) if wanted.sizes else found

    def _answered(
        self, memory: _Memory, requests: Sequence[RankingRequest], clients: Sequence[ClientSignals]
    ) -> Iterator[tuple[Asked, tuple[Pick, ...]]]:
        """The answers of the slot's algorithms; the blend's own where they gave none, or the house is champion."""
        started, blend, plugged = time.perf_counter(), memory.blend, self._decider.asks(SLOT)
        offered = [blend.scored(request, client) for request, client in zip(requests, clients, strict=True)]
        questions = [
            # Without algorithms to ask, the question is kept for the record alone; what the blend chose from will do.
            question_of(blend, request, client, MOST if plugged else min(HEAD * request.n, MOST), its)
            for request, client, its in zip(requests, clients, offered, strict=True)
        ]
        for question, its, asked in zip(questions, offered, self._decider.ask_many(SLOT, questions), strict=True):
            if asked.decision.algorithm != BUILT_IN:
                yield asked, picks_of(question, cast(RankingAnswer, asked.decision.answer), asked.decision.algorithm)
            else:
                picks = blend.best(its, question.n)
                yield _by_house(asked, memory, picks, (time.perf_counter() - started) / len(requests)), picks

    def _current(self, now: datetime) -> _Memory:
        """Memory that was true moments ago. While one thread renews it, the others go on with the old."""
        memory = self._memory
        if memory is not None and self.monotonic() - memory.checked < self.check_seconds:
            return memory
        waits = memory is None
        if not self._renewing.acquire(blocking=waits) and memory is not None:
            return memory
        try:
            self._memory = self._renewed(self._memory, now)
            return self._memory
        finally:
            self._renewing.release()

    def _renewed(self, old: _Memory | None, now: datetime) -> _Memory:
        started = self.monotonic()
        if old is not None and started - old.checked < self.check_seconds:
            return old  # another thread was quicker
        with read_transaction(self.engine) as connection:
            seen = catalogue.fingerprint(connection)
            artefact = artefacts.live(connection, SLOT)
            same_items = old is not None and _items_of(old.fingerprint) == _items_of(seen)
            if old is not None and same_items:
                blend = old.blend if seen == old.fingerprint else self._with_stock(connection, old.blend)
            else:
                blend = self._anew(connection)
            if old is None or not same_items or artefact != old.artefact:
                blend = self._with_model(blend, artefact)
            count_again = old.count_again if old is not None and same_items else started
            if started >= count_again:
                counting = self.monotonic()
                blend = replace(blend, trend=_trend(connection, blend.catalogue, now))
                count_again = self.monotonic() + max(self.check_seconds, REST * (self.monotonic() - counting))
        return _Memory(blend, seen, artefact, started, count_again)

    def _anew(self, connection: Connection) -> Blend:
        items, lines = catalogue.every_item(connection), _stock_lines(connection)
        return Blend(Catalogue.of(items, lines), Trend(), weights_of(self.settings))

    def _with_stock(self, connection: Connection, blend: Blend) -> Blend:
        return replace(blend, catalogue=blend.catalogue.with_stock(_stock_lines(connection)))

    def _with_model(self, blend: Blend, artefact: Artefact | None) -> Blend:
        """The live model over the catalogue as it is now; without it, content match alone."""
        if artefact is None:
            return replace(blend, model=None)
        try:
            return with_kept(blend, artefact, Path(self.settings.home))
        except (BadInput, OSError) as broken:
            log.error("artefact %s cannot be read (%s); content match serves", artefact.id, type(broken).__name__)
            return replace(blend, model=None)


def _request(wanted: Wanted, now: datetime, context: str) -> RankingRequest:
    return RankingRequest(client_id=wanted.client_id, n=wanted.n, now=now, context=context, exclude=wanted.exclude)


def _by_house(asked: Asked, memory: _Memory, picks: tuple[Pick, ...], seconds: float) -> Asked:
    answer = RankingAnswer(items=tuple(Scored(item_id=pick.item_id, score=pick.score) for pick in picks))
    return asked.instead(memory.blend.name, memory.version, answer, seconds)


def _items_of(fingerprint: str) -> str:
    """The half of the fingerprint that speaks of the items; the other speaks of the stock."""
    return fingerprint.partition(".")[0]


def _stock_lines(connection: Connection) -> list[StockLine]:
    by_item = catalogue.available(connection)
    return [(item_id, size, units) for item_id, sizes in by_item.items() for size, units in sizes.items()]


def _trend(connection: Connection, of: Catalogue, now: datetime) -> Trend:
    touches = interactions.between(connection, now - timedelta(days=WINDOW_DAYS), now)
    return Trend.of(touches, of, interactions.described(connection) if len(touches) else {})


def _explained(picks: tuple[Pick, ...], blend: Blend, client: ClientSignals, now: datetime) -> tuple[Pick, ...]:
    of, reasons = blend.catalogue, blend.reasons(client, [pick.item_id for pick in picks if not pick.by])
    known = {t.item_id: of.items[of.index[t.item_id]] for t in client.touches if t.item_id in of.index}
    story = Story.of(client, known)
    words = [
        explain.why(pick, of.items[of.index[pick.item_id]], story, now, reasons.get(pick.item_id)) for pick in picks
    ]
    return tuple(pick.model_copy(update={"why": why}) for pick, why in zip(picks, words, strict=True))
