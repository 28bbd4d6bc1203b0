"""Recommendations from the store: what many requests share is cached and rebuilt when it changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple, cast

from sqlalchemy import Connection, Engine

from algorithms.blending import explain
from algorithms.blending.blend import HEAD, Blend, EligibleItems
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest, Recommendation
from algorithms.blending.explain import ClientEvidence
from algorithms.blending.ranking_questions import MOST, build_picks, build_question
from algorithms.slots.batches import CHUNK
from algorithms.slots.built_in import BuiltIn
from domain.histories import ClientSignals
from domain.size_table import SizeTable
from errors import NotFound
from models.catalogue import Item
from models.mail import Pick
from models.slots import RankingAnswer, RankingQuestion, ScoredItem
from services.decisions.decider import Decider, PendingDecision
from services.goods.size_tables import load_size_table
from services.recommendations.client_sizes import fit_sizes
from services.recommendations.ranking_state import (
    CHECK_SECONDS,
    SLOT,
    RankingGeneration,
    RankingState,
    RankingStateLoader,
    TrendSource,
)
from settings import Settings
from store.clients import interactions

log = logging.getLogger(__name__)


MAIL: Final = "email"
"""The context of items for a mail."""
TREND_IN_MAIL: Final = 0.3
"""How much of an item's trend counts when the items of a mail are selected for a client of whom something is known. A
mail shows four; with all of its trend one new bestseller stood in 8 % of a demo's mails, matched or not
(`bench/notes/words.md`)."""


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
    """The built-in for one client: the blend's ranking of what it scored. `picks`: set once it was asked.
    `trend_share`: as in `Blend.select_best`."""

    def __init__(
        self,
        blend: Blend,
        scored: EligibleItems,
        groups: Mapping[str, str] | None = None,
        trend_share: float = 1.0,
    ) -> None:
        self._blend, self._scored, self._groups, self._trend_share = blend, scored, groups, trend_share
        self.picks: tuple[Pick, ...] = ()

    def answer(self, question: RankingQuestion) -> RankingAnswer:
        """Select the best items; they keep what explains them in `picks`."""
        self.picks = self._blend.select_best(self._scored, question.n, self._groups, self._trend_share)
        return RankingAnswer(items=tuple(ScoredItem(item_id=pick.item_id, score=pick.score) for pick in self.picks))


class Recommender:
    """Recommends items. One for a process; safe from many threads. Without a `decider` only the built-in ranks.
    `check_seconds`: see CHECK_SECONDS. `trends`: counts the trend in another process."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        decider: Decider | None = None,
        *,
        check_seconds: float = CHECK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        trends: TrendSource | None = None,
    ) -> None:
        self.engine, self.settings = engine, settings
        self._decider = decider or Decider()
        self._states = RankingStateLoader(
            engine, settings, check_seconds=check_seconds, monotonic=monotonic, trends=trends
        )

    def recommend(
        self,
        connection: Connection,
        client_id: str,
        n: int,
        now: datetime,
        exclude: Iterable[str] = (),
        context: str = MAIL,
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
        self, connection: Connection, item_requests: Iterable[ItemsRequest], now: datetime, context: str = MAIL
    ) -> Iterator[Recommendation]:
        """Recommend items for many clients, in their order; algorithms are asked about a chunk of clients in one
        call."""
        wanted = tuple(item_requests)
        for start in range(0, len(wanted), CHUNK):
            yield from self._recommend_together(connection, wanted[start : start + CHUNK], now, context)

    def rank_items(
        self, connection: Connection, item_requests: Iterable[ItemsRequest], now: datetime, context: str = MAIL
    ) -> Iterator[RankedItems]:
        """Rank items for many clients without reasons or records: for batches, where no algorithm is plugged in this is
        three times as fast."""
        if self.has_algorithm:
            for recommendation in self.recommend_many(connection, item_requests, now, context):
                yield RankedItems(recommendation.picks, recommendation.algorithm, recommendation.version)
            return
        cache = self.load_current(now)
        for item_request in item_requests:
            client = self._load_signals(connection, item_request, now)
            picks = cache.blend.rank(_build_request(item_request, now, context), client)
            yield RankedItems(picks, cache.blend.name, cache.version)

    def peek_state(self) -> RankingState:
        """Return what ranks, as it was last loaded, without a look at the database. Raises Unavailable before that."""
        return self._states.peek()

    @property
    def generation(self) -> RankingGeneration:
        """What ranks now; another one means that lists ranked before may be different."""
        return RankingGeneration(self._decider.generation, self.peek_state().version)

    @property
    def has_algorithm(self) -> bool:
        """Return whether an algorithm beside the blend has a part in the ranking."""
        return self._decider.has_algorithm(SLOT)

    def list_items(self, now: datetime) -> Sequence[Item]:
        """List the catalogue as the ranking knows it, from memory."""
        return self.load_current(now).blend.catalogue.items

    def load_ranking_inputs(self, connection: Connection, client_id: str, now: datetime) -> tuple[Blend, ClientSignals]:
        """Load the blend and the client's signals, for questions of other slots. Raises NotFound."""
        return self.load_current(now).blend, self._load_signals(connection, ItemsRequest(client_id, 1), now)

    def explain_items(
        self, connection: Connection, client_id: str, item_ids: Sequence[str], now: datetime
    ) -> dict[str, str]:
        """Explain in words why these items suit a client now. Raises NotFound for an unknown client."""
        blend, client = self.load_ranking_inputs(connection, client_id, now)
        known = [item_id for item_id in item_ids if item_id in blend.catalogue.index]
        picks = blend.score_items(client, known, now)
        return {pick.item_id: pick.why for pick in _explain_picks(picks, blend, client, now)}

    def _recommend_together(
        self, connection: Connection, item_requests: Sequence[ItemsRequest], now: datetime, context: str
    ) -> Iterator[Recommendation]:
        """Recommend items for clients about whom algorithms are asked in one call."""
        cache = self.load_current(now)
        clients = self._load_many_signals(connection, item_requests, now)
        requests = [_build_request(item_request, now, context) for item_request in item_requests]
        groups = [item_request.groups for item_request in item_requests]
        answers = self.ask_algorithms(cache, requests, clients, groups)
        for client, (pending, picks) in zip(clients, answers, strict=True):
            explained_picks = _explain_picks(picks, cache.blend, client, now, set() if context == MAIL else None)
            shown = {"items": [pick.model_dump(mode="json") for pick in explained_picks]}
            yield Recommendation(explained_picks, pending.record.model_copy(update={"answer": shown}), pending.body)

    def _load_signals(self, connection: Connection, item_request: ItemsRequest, now: datetime) -> ClientSignals:
        return self._fit_signals(interactions.load_signals(connection, item_request.client_id, now), item_request, now)

    def _load_many_signals(
        self, connection: Connection, item_requests: Sequence[ItemsRequest], now: datetime
    ) -> list[ClientSignals]:
        found = interactions.load_many_signals(connection, {request.client_id for request in item_requests}, now)
        if any(request.client_id not in found for request in item_requests):
            raise NotFound("no client has this id", "client_id")
        return [self._fit_signals(found[request.client_id], request, now) for request in item_requests]

    def _fit_signals(self, signals: ClientSignals, item_request: ItemsRequest, now: datetime) -> ClientSignals:
        """Leave out what the client refuses that we use, and take the sizes of the request."""
        signals = signals if signals.personal else signals.leave_out_person()
        signals = replace(signals, sizes=item_request.sizes) if item_request.sizes else signals
        return fit_sizes(signals, *self.load_sizes(now))[0] if signals.wears else signals

    def load_sizes(self, now: datetime) -> tuple[Catalogue, SizeTable]:
        """Load what clients' sizes are compared with: what is made, and the shop's own table."""
        return self.load_current(now).blend.catalogue, load_size_table(self.settings.size_table)

    def ask_algorithms(
        self,
        cache: RankingState,
        requests: Sequence[RankingRequest],
        clients: Sequence[ClientSignals],
        groups: Sequence[Mapping[str, str] | None],
        first: str = "",
    ) -> Iterator[tuple[PendingDecision, tuple[Pick, ...]]]:
        """Ask the slot's algorithms, all about these clients in one call; the blend is the built-in. `first`: who is
        asked first, in the place of the slot's champion and split."""
        started, blend, plugged = time.perf_counter(), cache.blend, self.has_algorithm
        offered = [blend.score_eligible(request, client) for request, client in zip(requests, clients, strict=True)]
        questions = [
            # Without algorithms to ask, the question is kept for the record alone; what the blend chose from will do.
            build_question(blend, request, client, MOST if plugged else min(HEAD * request.n, MOST), scored, own)
            for request, client, scored, own in zip(requests, clients, offered, groups, strict=True)
        ]
        seconds = (time.perf_counter() - started) / len(requests)
        rankings = [
            BlendRanking(blend, scored, own, _choose_trend_share(request, client))
            for request, client, scored, own in zip(requests, clients, offered, groups, strict=True)
        ]
        built_ins = [BuiltIn(ranking.answer, blend.name, cache.version, seconds) for ranking in rankings]
        answers = self._decider.ask_many(SLOT, questions, built_ins, first)
        for question, ranking, pending in zip(questions, rankings, answers, strict=True):
            decision = pending.decision
            if decision.by_built_in:
                yield pending, ranking.picks
            else:
                yield pending, build_picks(question, cast(RankingAnswer, decision.answer), decision.algorithm)

    def load_current(self, now: datetime) -> RankingState:
        """Load what ranks, as of moments ago."""
        return self._states.load_current(now)


def _choose_trend_share(request: RankingRequest, client: ClientSignals) -> float:
    return TREND_IN_MAIL if request.context == MAIL and not client.is_unknown else 1.0


def _build_request(item_request: ItemsRequest, now: datetime, context: str) -> RankingRequest:
    return RankingRequest(
        client_id=item_request.client_id, n=item_request.n, now=now, context=context, exclude=item_request.exclude
    )


def _explain_picks(
    picks: tuple[Pick, ...], blend: Blend, client: ClientSignals, now: datetime, said: set[str] | None = None
) -> tuple[Pick, ...]:
    """Explain the picks in words. `said`: where one text shows them all, so that no kind of reason stands twice."""
    goods, reasons = blend.catalogue, blend.reasons(client, [pick.item_id for pick in picks if not pick.by])
    known = {t.item_id: goods.items[goods.index[t.item_id]] for t in client.touches if t.item_id in goods.index}
    evidence = ClientEvidence.of(client, known)
    found = [goods.items[goods.index[pick.item_id]] for pick in picks]
    words = [
        explain.explain_pick(pick, item, evidence, now, reasons.get(pick.item_id), said)
        for pick, item in zip(picks, found, strict=True)
    ]
    return tuple(pick.model_copy(update={"why": why}) for pick, why in zip(picks, words, strict=True))
