"""Builds client lists: loads what is known of the clients, and lets the slot `ranking` rank."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from algorithms.blending.contracts import RankingRequest
from algorithms.slots.batches import split_into_chunks
from domain.arrays import Floats, Ints
from domain.histories import ClientSignals
from domain.variety import select_highest
from domain.visit_ids import is_visit_key
from models.base import ClientId
from services.recommendations.ranking_state import RankingState
from services.recommendations.recommender import Recommender
from services.serving.client_lists import ClientList
from services.serving.list_origins import CONTEXT, LENGTH, ListOrigin, build_own_origin
from services.visits.visit_signals import load_visit_signals
from store.clients.interactions import load_many_signals


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

    def build(self, connection: Connection, client_ids: Iterable[ClientId], now: datetime) -> Iterator[ClientList]:
        """Build the lists of these clients, and visits by their keys, at business `now`; unknown ids are left out."""
        ids = list(client_ids)
        visits = load_visit_signals(connection, filter(is_visit_key, ids), self._visit_hours, now)
        loaded = load_many_signals(connection, [one for one in ids if not is_visit_key(one)], now).values()
        signals = [*visits, *(one if one.personal else one.leave_out_person() for one in loaded)]
        for clients in split_into_chunks(signals):
            yield from self.rank(clients, now)

    def rank(self, clients: Sequence[ClientSignals], now: datetime) -> Iterator[ClientList]:
        """Rank the items for clients of whom everything is loaded."""
        state = self._recommender.load_current(now)
        generation = self._recommender.generation
        if self._recommender.has_algorithm:
            rankings = self._ask_algorithms(state, clients, now)
        else:
            rankings = (_rank_by_blend(state, client, now) for client in clients)
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
            )

    def _ask_algorithms(
        self, state: RankingState, clients: Sequence[ClientSignals], now: datetime
    ) -> Iterator[_Ranking]:
        requests = [_build_request(client, now) for client in clients]
        index = state.blend.catalogue.index
        for pending, picks in self._recommender.ask_algorithms(state, requests, clients, [None] * len(clients)):
            indices = np.array([index[pick.item_id] for pick in picks], np.int64)
            scores = np.array([pick.score for pick in picks], np.float64)
            yield _Ranking(indices, scores, ListOrigin(pending.record, pending.body))


def _build_request(client: ClientSignals, now: datetime) -> RankingRequest:
    return RankingRequest(client_id=client.client_id, n=LENGTH, now=now, context=CONTEXT)


def _rank_by_blend(state: RankingState, client: ClientSignals, now: datetime) -> _Ranking:
    started = time.perf_counter()
    indices, shares = state.blend.score_eligible(_build_request(client, now), client)
    total = shares.sum(axis=0)
    best = select_highest(total, LENGTH)[:LENGTH]
    seconds = time.perf_counter() - started
    origin = build_own_origin(client.client_id, client.wears, now, state, state.blend.name, seconds)
    return _Ranking(indices[best], total[best], origin)
