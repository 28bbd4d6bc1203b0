"""What belongs beside each item, counted again off the path of requests as the catalogue and the orders change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.relations import ItemRelations, count_together
from domain.fixes.roles import parse_roles
from errors import SelvedgeError
from services.recommendations.recommender import Recommender
from settings import Settings
from store.clients.interactions import load_interactions
from store.database import read_transaction

WINDOW_DAYS: Final = 365.0
EVERY_SECONDS: Final = 600.0
"""Real seconds between two counts, at least; and REST_FACTOR times as long as a count took."""
REST_FACTOR: Final = 30.0

log = logging.getLogger(__name__)


class RelatedItems:
    """The relations of the items in force, and the thread that counts what is taken together."""

    def __init__(self, engine: Engine, recommender: Recommender, settings: Settings) -> None:
        self._engine, self._recommender = engine, recommender
        self._roles = parse_roles(settings.fix_roles)
        self._current: tuple[Catalogue, ItemRelations] | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, now: Callable[[], datetime]) -> None:
        """Begin to count; `now` gives business time."""
        self._thread = threading.Thread(target=self._run, args=(now,), name="relations", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(10)

    def find(self, catalogue: Catalogue) -> ItemRelations:
        """Find the relations of these items; until the orders are counted, those by looks alone."""
        current = self._current
        if current is None or current[0].items is not catalogue.items:
            current = self._current = catalogue, ItemRelations(catalogue, None, self._roles)
        return current[1]

    def _run(self, now: Callable[[], datetime]) -> None:
        rest = 0.0
        while not self._closed.wait(rest):
            started = time.monotonic()
            try:
                self._count(now())
            except SelvedgeError as away:
                log.warning("what is taken together cannot be counted: %s", away.code)
            rest = max(EVERY_SECONDS, REST_FACTOR * (time.monotonic() - started))

    def _count(self, now: datetime) -> None:
        catalogue = self._recommender.load_current(now).blend.catalogue
        with read_transaction(self._engine) as connection:
            interactions = load_interactions(connection, now - timedelta(days=WINDOW_DAYS), now)
        together = count_together(interactions, catalogue)
        self._current = catalogue, ItemRelations(catalogue, together, self._roles)
