"""The order of a page that a visitor sees, by the slot `session`; the house's own is a bandit that learns.

Nothing is kept of a session: whoever asks says what was touched in it.
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
from algorithms.sessions import posterior as house
from algorithms.sessions.posterior import Beliefs
from algorithms.sessions.questions import question_of
from domain.histories import Interaction
from models.policies import BUILT_IN
from models.slots import SessionQuestion
from services.decisions.decider import Asked, Decider
from services.recommendations.recommender import Recommender
from services.training.session import believed
from store.database import read_transaction
from store.learning import posteriors
from store.learning.session_answers import SLOT

CHECK_SECONDS: Final = 5.0
"""Real seconds for which beliefs are used without a look at the store."""
CHOSEN_FROM: Final = 3
"""Where no items are named, so many times as many as are shown are put up by the ranking."""
USUAL: Final = 10
"""Items shown where neither items nor a number are stated."""
CONTEXT: Final = "session"


@dataclass(frozen=True)
class Page:
    """What is to be ordered: `items` by id, or none: what the ranking puts up. `n`: so many are shown; none: all that
    are named, else USUAL."""

    client_id: str
    items: tuple[str, ...] = ()
    n: int | None = None
    touches: tuple[Interaction, ...] = ()


class Ordering:
    """Answers for one process; safe to ask from many threads. `seed`: draws the seed of each question."""

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
        self._known, self._checked = Beliefs.first(), float("-inf")
        self._renewing = threading.Lock()

    def asked(self, connection: Connection, page: Page, now: datetime) -> Asked:
        """The answer at business `now`, not recorded yet. Raises NotFound for an unknown client, BadInput for an item
        that the catalogue does not hold."""
        asked = self._decider.ask(SLOT, self._question(connection, page, now))
        if asked.decision.algorithm != BUILT_IN:
            return asked
        started, known = time.perf_counter(), self._current()
        answer = known.answer(asked.question)  # type: ignore[arg-type]
        took = asked.decision.seconds + time.perf_counter() - started
        return asked.instead(house.NAME, str(known.version), answer, took)

    def as_it_stands(self, connection: Connection, page: Page, now: datetime) -> Asked:
        """The order that the items have already. No algorithm is asked: for visitors that are programs."""
        return Decider().ask(SLOT, self._question(connection, page, now))

    def _question(self, connection: Connection, page: Page, now: datetime) -> SessionQuestion:
        items = page.items or self._put_up(connection, page, now)
        n = page.n or (len(page.items) if page.items else USUAL)
        request = RankingRequest(client_id=page.client_id, n=max(n, 1), now=now, context=CONTEXT)
        blend, client = self._recommender.known(connection, page.client_id, now)
        return question_of(blend, request, client, items, page.touches, self._seed())

    def _put_up(self, connection: Connection, page: Page, now: datetime) -> Sequence[str]:
        wanted = CHOSEN_FROM * (page.n or USUAL)
        made = self._recommender.recommend(connection, page.client_id, wanted, now, context=CONTEXT)
        return [pick.item_id for pick in made.picks]

    def _current(self) -> Beliefs:
        """What was believed moments ago. While one thread looks, the others go on with that."""
        if time.monotonic() - self._checked > self._check_seconds and self._renewing.acquire(blocking=False):
            try:
                self._known = self._renewed()
                self._checked = time.monotonic()
            finally:
                self._renewing.release()
        return self._known

    def _renewed(self) -> Beliefs:
        with read_transaction(self._engine) as connection:
            if posteriors.version(connection, SLOT) == self._known.version:
                return self._known
            return believed(connection)[1]
