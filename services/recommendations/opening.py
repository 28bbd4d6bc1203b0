"""Open a recommender for one piece of work, where no process keeps one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine

from algorithms.slots.conformance import START_SECONDS
from algorithms.slots.registry import Registry
from services.decisions.decider import Decider
from services.recommendations.ranking_state import SLOT
from services.recommendations.recommender import Recommender
from settings import Settings


@contextmanager
def open_recommender(settings: Settings, engine: Engine) -> Iterator[Recommender]:
    """Open the recommender by which mails are written, with the shop's own algorithms."""
    with closing(Registry.from_settings(settings)) as registry:
        registry.is_ready(SLOT, START_SECONDS)
        yield Recommender(engine, settings, Decider(registry))
