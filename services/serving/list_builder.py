"""Builds client lists: loads what is known of the clients, and lets the slot `ranking` rank."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import RankingRequest
from algorithms.slots.batches import split_into_chunks
from domain.arrays import Floats, Ints
from domain.flags import apply_weights
from domain.histories import ClientSignals
from domain.variety import select_highest
from domain.visit_ids import is_visit_key
from models.base import ClientId
from models.flags import FlagSlug
from models.slot_policies import BUILT_IN
from services.recommendations.ranking_state import RankingState
from services.recommendations.recommender import Recommender
from services.serving.client_lists import ClientList, RankingChoice
from services.serving.list_origins import CONTEXT, LENGTH, ListOrigin, build_own_origin
from services.visits.visit_signals import load_visit_signals
from store.clients.interactions import load_many_signals
from store.experiments.assignments import load_kept

NOTHING_KEPT: Final[Mapping[Any, Any]] = {}


class _Ranking(NamedTuple):
    """Items best first, shape (k,) each, and who ranked them."""

    indices: Ints
    scores: Floats
    origin: ListOrigin


class ListBuilder:
    """Builds lists from the store. Safe from many threads."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._visit_hours = recommender.settings.visit_hours

    def build(
        self,
        connection: Connection,
        client_ids: Iterable[ClientId],
        now: datetime,
        choice: RankingChoice | None = None,
    ) -> Iterator[ClientList]:
        """Build the lists of these clients, and visits by their keys, at business `now`; unknown ids are left out.
        `choice`: who ranks in the place of the slot's policy."""
        ids = list(client_ids)
        visits = load_visit_signals(connection, filter(is_visit_key, ids), self._visit_hours, now)
        clients = [one for one in ids if not is_visit_key(one)]
        loaded = load_many_signals(connection, clients, now).values()
        kept = load_kept(connection, clients) if clients else {}
        signals = [*visits, *(one if one.personal else one.leave_out_person() for one in loaded)]
        for chunk in split_into_chunks(signals):
            yield from self.rank(chunk, now, choice, kept)

    def rank(
        self,
        clients: Sequence[ClientSignals],
        now: datetime,
        choice: RankingChoice | None = None,
        kept: Mapping[ClientId, Mapping[FlagSlug, str]] = NOTHING_KEPT,
    ) -> Iterator[ClientList]:
        """Rank the items for clients of whom everything is loaded. `kept`: arms of flags that they kept from visits."""
        state = self._recommender.load_current(now)
        generation = self._recommender.generation
        by_blend = choice is not None and choice.algorithm in (None, BUILT_IN)
        if self._recommender.has_algorithm and not by_blend:
            rankings = self._ask_algorithms(state, clients, now, choice)
        else:
            blend = state.blend if choice is None else _weigh(state.blend, choice)
            rankings = (_rank_by_blend(replace(state, blend=blend), choice, client, now) for client in clients)
        for client, ranking in zip(clients, rankings, strict=True):
            yield ClientList(
                client_id=client.client_id,
                catalogue=state.blend.catalogue,
                indices=array("i", ranking.indices.tolist()),
                scores=array("d", np.round(ranking.scores, 6).tolist()),
                wears=client.wears,
                hidden=client.owned | client.list_sent_back(now.timestamp()),
                origin=ranking.origin,
                generation=generation,
                built=time.monotonic(),
                choice=choice,
                kept=kept.get(client.client_id, NOTHING_KEPT) if client.personal else None,
            )

    def _ask_algorithms(
        self, state: RankingState, clients: Sequence[ClientSignals], now: datetime, choice: RankingChoice | None
    ) -> Iterator[_Ranking]:
        requests = [_build_request(client, now) for client in clients]
        index = state.blend.catalogue.index
        first = "" if choice is None else choice.algorithm or ""
        groups = [None] * len(clients)
        for pending, picks in self._recommender.ask_algorithms(state, requests, clients, groups, first):
            indices = np.array([index[pick.item_id] for pick in picks], np.int64)
            scores = np.array([pick.score for pick in picks], np.float64)
            yield _Ranking(indices, scores, ListOrigin(pending.record, pending.body))


def _build_request(client: ClientSignals, now: datetime) -> RankingRequest:
    return RankingRequest(client_id=client.client_id, n=LENGTH, now=now, context=CONTEXT)


def _weigh(blend: Blend, choice: RankingChoice) -> Blend:
    return replace(blend, weights=apply_weights(blend.weights, dict(choice.weights)))


def _rank_by_blend(state: RankingState, choice: RankingChoice | None, client: ClientSignals, now: datetime) -> _Ranking:
    started = time.perf_counter()
    indices, shares = state.blend.score_eligible(_build_request(client, now), client)
    total = shares.sum(axis=0)
    best = select_highest(total, LENGTH)[:LENGTH]
    seconds = time.perf_counter() - started
    weights = {} if choice is None else dict(choice.weights)
    origin = build_own_origin(client.client_id, client.wears, now, state, state.blend.name, seconds, weights)
    return _Ranking(indices[best], total[best], origin)
