"""What is popular, as a list for a client of whom nothing is known in time."""

from __future__ import annotations

import time
from array import array
from datetime import datetime
from typing import Final

import numpy as np

from domain.variety import select_highest
from models.base import ClientId
from services.recommendations.ranking_state import RankingGeneration, RankingState
from services.serving.client_lists import ClientList
from services.serving.list_origins import LENGTH, build_own_origin

NAME: Final = "popularity"
NO_RANKING: Final = RankingGeneration(-1, "")


class PopularItems:
    """What everybody takes these weeks and is in stock in any size, ranked once for each state of the ranking."""

    def __init__(self) -> None:
        self._state: RankingState | None = None
        self._indices, self._scores = array("i"), array("d")

    def build_list(self, client_id: ClientId, state: RankingState, now: datetime) -> ClientList:
        """Build the list for one client."""
        if state is not self._state:
            self._rank(state)
        return ClientList(
            client_id=client_id,
            catalogue=state.blend.catalogue,
            indices=self._indices,
            scores=self._scores,
            wears=(),
            hidden=frozenset(),
            origin=build_own_origin(client_id, (), now, state, NAME),
            generation=NO_RANKING,
            built=time.monotonic(),
        )

    def _rank(self, state: RankingState) -> None:
        catalogue, everybody = state.blend.catalogue, state.blend.trend.everybody
        trend = np.zeros(len(catalogue))
        trend[: len(everybody)] = everybody
        in_stock = np.flatnonzero(catalogue.total_units > 0)
        best = in_stock[select_highest(trend[in_stock], LENGTH)[:LENGTH]]
        self._indices, self._scores = array("i", best.tolist()), array("d", trend[best].tolist())
        self._state = state
