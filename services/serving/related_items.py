"""What belongs beside each item, counted again off the path of requests as the catalogue and the orders change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.relations import ItemRelations, count_together
from domain.fixes.roles import parse_roles
from services.recommendations.recommender import Recommender
from services.repeated_work import RepeatedWork
from settings import Settings
from store.clients.interactions import load_interactions
from store.database import read_transaction

WINDOW_DAYS: Final = 365.0
EVERY_SECONDS: Final = 600.0
"""Real seconds between two counts, at least; and REST_FACTOR times as long as a count took."""
REST_FACTOR: Final = 30.0


class RelatedItems:
    """The relations of the items in force, and the thread that counts what is taken together. `now`: business time."""

    def __init__(
        self, engine: Engine, recommender: Recommender, settings: Settings, now: Callable[[], datetime]
    ) -> None:
        self._engine, self._recommender = engine, recommender
        self._roles = parse_roles(settings.fix_roles)
        self._current: tuple[Catalogue, ItemRelations] | None = None
        self._now = now
        self._work = RepeatedWork(
            "relations",
            self._count,
            EVERY_SECONDS,
            "what is taken together cannot be counted",
            rest_factor=REST_FACTOR,
        )

    def start(self) -> None:
        """Begin to count."""
        self._work.start()

    def close(self) -> None:
        """End the thread."""
        self._work.close()

    def find(self, catalogue: Catalogue) -> ItemRelations:
        """Find the relations of these items; until the orders are counted, those by looks alone."""
        current = self._current
        if current is None or current[0].items is not catalogue.items:
            current = self._current = catalogue, ItemRelations(catalogue, None, self._roles)
        return current[1]

    def _count(self) -> None:
        now = self._now()
        catalogue = self._recommender.load_current(now).blend.catalogue
        with read_transaction(self._engine) as connection:
            interactions = load_interactions(connection, now - timedelta(days=WINDOW_DAYS), now)
        together = count_together(interactions, catalogue)
        self._current = catalogue, ItemRelations(catalogue, together, self._roles)
