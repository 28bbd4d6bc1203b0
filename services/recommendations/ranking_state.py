"""What ranks, in memory: the catalogue, the stock, the trend and the model, loaded again when the store changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue, StockLine
from algorithms.blending.trend import WINDOW_DAYS, Trend
from errors import BadInput, Unavailable
from services.recommendations.blend_weights import add_stored_model, read_weights
from settings import Settings
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

SLOT: Final = "ranking"
CHECK_SECONDS: Final = 3.0
"""Real seconds for which the state is trusted without a look at the store; the send gate reads the stock again."""
REST_FACTOR: Final = 30.0
"""The trend is counted again at most every CHECK_SECONDS and this many times as long as the counting took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RankingState:
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


class RankingGeneration(NamedTuple):
    """Which policy of the slot and which model of the blend rank."""

    policy: int
    model: str


class TrendSource(Protocol):
    """Another process that counts the trend."""

    def load(self, items: str, now: datetime, *, needed: bool) -> Trend | None:
        """Load the trend over the catalogue of the fingerprint `items`; None where it has not changed or is not to be
        had. `needed`: the caller has none."""

    def is_there(self) -> bool:
        """Return whether it counts, so that no change means that the trend is the same."""


class RankingStateLoader:
    """Loads the state. Safe from many threads. `check_seconds`: see CHECK_SECONDS. `trends`: asked before the trend is
    counted here."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        check_seconds: float,
        monotonic: Callable[[], float],
        trends: TrendSource | None = None,
    ) -> None:
        self._engine, self._settings, self._trends = engine, settings, trends
        self._check_seconds, self._monotonic = check_seconds, monotonic
        self._cache: RankingState | None = None
        self._rebuilding = threading.Lock()

    def peek(self) -> RankingState:
        """Return the state as it was last loaded. Raises Unavailable before that."""
        if self._cache is None:
            raise Unavailable("the catalogue is not loaded yet")
        return self._cache

    def load_current(self, now: datetime) -> RankingState:
        """Load the state of moments ago. While one thread rebuilds it, the others use the old one."""
        cache = self._cache
        if cache is not None and self._monotonic() - cache.checked < self._check_seconds:
            return cache
        waits = cache is None
        if not self._rebuilding.acquire(blocking=waits) and cache is not None:
            return cache
        try:
            self._cache = self._rebuild(self._cache, now)
            return self._cache
        finally:
            self._rebuilding.release()

    def _rebuild(self, old: RankingState | None, now: datetime) -> RankingState:
        started = self._monotonic()
        if old is not None and started - old.checked < self._check_seconds:
            return old  # another thread was quicker
        with read_transaction(self._engine) as connection:
            fingerprint = catalogue.compute_fingerprint(connection)
            artefact = artefacts.find_live(connection, SLOT)
            same_items = old is not None and read_items_part(old.fingerprint) == read_items_part(fingerprint)
            if old is not None and same_items:
                blend = old.blend if fingerprint == old.fingerprint else self._update_stock(connection, old.blend)
            else:
                blend = self._build_blend(connection)
            if old is None or not same_items or artefact != old.artefact:
                blend = self._update_model(blend, artefact)
            count_again = old.count_again if old is not None and same_items else started
            if started >= count_again:
                counting = self._monotonic()
                blend = self._update_trend(connection, blend, read_items_part(fingerprint), now, new=not same_items)
                count_again = self._monotonic() + max(self._check_seconds, REST_FACTOR * (self._monotonic() - counting))
        return RankingState(blend, fingerprint, artefact, started, count_again)

    def _build_blend(self, connection: Connection) -> Blend:
        items, lines = catalogue.list_items(connection), _load_stock_lines(connection)
        return Blend(Catalogue.of(items, lines), Trend(), read_weights(self._settings))

    def _update_stock(self, connection: Connection, blend: Blend) -> Blend:
        return replace(blend, catalogue=blend.catalogue.with_stock(_load_stock_lines(connection)))

    def _update_trend(self, connection: Connection, blend: Blend, items: str, now: datetime, *, new: bool) -> Blend:
        """Return the blend with the trend of now. `new`: it has none over this catalogue."""
        if self._trends is not None:
            trend = self._trends.load(items, now, needed=new)
            if trend is not None:
                return replace(blend, trend=trend)
            if not new and self._trends.is_there():
                return blend
        return replace(blend, trend=_build_trend(connection, blend.catalogue, now))

    def _update_model(self, blend: Blend, artefact: Artefact | None) -> Blend:
        """Return the blend with the live model over the current catalogue; without a model, content match alone."""
        if artefact is None:
            return replace(blend, model=None)
        try:
            return add_stored_model(blend, artefact, Path(self._settings.home))
        except (BadInput, OSError) as broken:
            log.error("artefact %s cannot be read (%s); content match serves", artefact.id, type(broken).__name__)
            return replace(blend, model=None)


def read_items_part(fingerprint: str) -> str:
    """Return the half of the fingerprint that covers the items; the other half covers the stock."""
    return fingerprint.partition(".")[0]


def _load_stock_lines(connection: Connection) -> list[StockLine]:
    by_item = catalogue.count_available(connection)
    return [(item_id, size, units) for item_id, sizes in by_item.items() for size, units in sizes.items()]


def _build_trend(connection: Connection, items: Catalogue, now: datetime) -> Trend:
    touches = interactions.load_interactions(connection, now - timedelta(days=WINDOW_DAYS), now)
    return Trend.of(touches, items, interactions.load_descriptions(connection) if len(touches) else {})
