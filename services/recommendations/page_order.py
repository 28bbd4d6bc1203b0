"""The order of a page that a visitor sees, by the slot `session`; the built-in is a bandit that learns.

Nothing of a session is stored: the caller states what was touched in it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from algorithms.blending.contracts import RankingRequest
from algorithms.sessions import posterior as built_in
from algorithms.sessions.posterior import SessionPosterior
from algorithms.sessions.questions import build_question
from algorithms.slots.built_in import BuiltIn
from domain.histories import Interaction
from models.slots import SessionQuestion
from services.decisions.decider import Decider, PendingDecision
from services.recommendations.recommender import Recommender
from services.training.session import load_posterior
from store.database import read_transaction
from store.learning import posteriors
from store.learning.session_answers import SLOT

CHECK_SECONDS: Final = 5.0
"""Real seconds for which the posterior is used without a look at the store."""
OFFERED_PER_SHOWN: Final = 3
"""Where no items are named, the ranking offers so many times as many as are shown."""
DEFAULT_ITEMS: Final = 10
"""Items shown where the request states neither items nor a number."""
CONTEXT: Final = "session"


@dataclass(frozen=True)
class PageRequest:
    """The page to order: `items` by id, or none, and then the ranking offers some. `n`: how many are shown; none: all
    that are named, else DEFAULT_ITEMS."""

    client_id: str
    items: tuple[str, ...] = ()
    n: int | None = None
    touches: tuple[Interaction, ...] = ()


class PageOrderService:
    """Orders pages. One for a process; safe from many threads. `seed` draws the seed of each question."""

    def __init__(
        self,
        engine: Engine,
        recommender: Recommender,
        decider: Decider,
        *,
        check_seconds: float = CHECK_SECONDS,
        seed: Callable[[], int] = lambda: secrets.randbits(52),
    ) -> None:
        self._engine, self._recommender, self._decider = engine, recommender, decider
        self._check_seconds, self._seed = check_seconds, seed
        self._posterior, self._checked = SessionPosterior.build_prior(), float("-inf")
        self._reloading = threading.Lock()

    def choose_order(self, connection: Connection, page: PageRequest, now: datetime) -> PendingDecision:
        """Choose the order at business `now`; it is not recorded yet. Raises NotFound for an unknown client, BadInput
        for an item that the catalogue does not hold."""
        question, posterior = self._build_question(connection, page, now), self._load_current()
        return self._decider.ask(SLOT, question, BuiltIn(posterior.answer, built_in.NAME, str(posterior.version)))

    def keep_given_order(self, connection: Connection, page: PageRequest, now: datetime) -> PendingDecision:
        """Return the items in the order that they have, without asking an algorithm: for visitors that are programs."""
        return Decider().ask(SLOT, self._build_question(connection, page, now))

    def _build_question(self, connection: Connection, page: PageRequest, now: datetime) -> SessionQuestion:
        items = page.items or self._recommend_items(connection, page, now)
        n = page.n or (len(page.items) if page.items else DEFAULT_ITEMS)
        request = RankingRequest(client_id=page.client_id, n=max(n, 1), now=now, context=CONTEXT)
        blend, client = self._recommender.load_ranking_inputs(connection, page.client_id, now)
        return build_question(blend, request, client, items, page.touches, self._seed())

    def _recommend_items(self, connection: Connection, page: PageRequest, now: datetime) -> Sequence[str]:
        count = OFFERED_PER_SHOWN * (page.n or DEFAULT_ITEMS)
        recommendation = self._recommender.recommend(connection, page.client_id, count, now, context=CONTEXT)
        return [pick.item_id for pick in recommendation.picks]

    def _load_current(self) -> SessionPosterior:
        """Return the posterior of moments ago. While one thread reloads it, the others use the old one."""
        if time.monotonic() - self._checked > self._check_seconds and self._reloading.acquire(blocking=False):
            try:
                self._posterior = self._reload()
                self._checked = time.monotonic()
            finally:
                self._reloading.release()
        return self._posterior

    def _reload(self) -> SessionPosterior:
        with read_transaction(self._engine) as connection:
            if posteriors.load_version(connection, SLOT) == self._posterior.version:
                return self._posterior
            return load_posterior(connection)[1]
