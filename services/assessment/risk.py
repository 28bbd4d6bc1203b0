"""Who says how likely a client is to have left: the slot's algorithm, else the learnt model, else nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Connection, Engine

from algorithms.risk.served import RiskModel
from algorithms.risk.telling import Bought, tell
from domain.rhythm import GONE, Risk
from models.base import ClientId
from models.policies import BUILT_IN
from models.slots import Occurrence, RiskAnswer, RiskQuestion
from services.decisions.decider import Asked, Decider
from store.learning import artefacts
from store.learning.artefacts import Artefact

SLOT: Final = "risk"
HORIZON_DAYS: Final = 90
CHECK_SECONDS: Final = 3.0
"""Real seconds for which the model in memory is taken to be the one that serves."""
LEFT: Final = 0.5
"""Below this P(alive) a client is at risk by an algorithm that does not say when that turned."""

log = logging.getLogger(__name__)


class RiskService:
    """One for a process; safe to ask from many threads. Without a `decider` no algorithm but the house's is asked."""

    def __init__(
        self,
        engine: Engine,
        home: Path,
        decider: Decider | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home, self._monotonic = home, monotonic
        self._decider = decider or Decider()
        self._lock = threading.Lock()
        self._checked = float("-inf")
        self._artefact: Artefact | None = None
        self._model: RiskModel | None = None

    def asks(self) -> bool:
        """Whether a plugged algorithm has a part; where not, nothing is read or asked for it."""
        return self._decider.asks(SLOT)

    def ask(self, client_id: ClientId, orders: Sequence[tuple[datetime, int]], now: datetime) -> Asked:
        """The answer of the slot, to be asked outside any transaction. `orders`: when, and for how many cents."""
        bought = tuple(Occurrence(kind="order_placed", at=at, value_cents=cents) for at, cents in orders)
        question = RiskQuestion(client_id=client_id, now=now, orders=bought, horizon_days=HORIZON_DAYS)
        return self._decider.ask(SLOT, question)

    def told(self, connection: Connection, bought: Bought, now: datetime, asked: Asked | None, key: str) -> Risk | None:
        """What is said of the client, a plugged answer recorded under `key`; None before anything was learnt."""
        model, version = self._current(connection)
        house = None if model is None else tell(model, version, bought, now)
        if asked is None:
            return house
        of_house = asked.decision.algorithm == BUILT_IN
        if of_house and house is not None:  # it knows better than the slot's last resort, and shadows are held to that
            answer = RiskAnswer(p_alive=house.p_alive, expected_orders=house.expected_orders, falls_at=house.falls_at)
            asked = asked.instead(house.algorithm, house.version, answer, asked.decision.seconds)
        self._decider.keep(connection, asked, now, key=key)
        return house if of_house else _plugged(asked, house, bought, now)

    def _current(self, connection: Connection) -> tuple[RiskModel | None, str]:
        with self._lock:
            if self._monotonic() - self._checked >= CHECK_SECONDS:
                artefact = artefacts.live(connection, SLOT)
                if artefact != self._artefact:
                    self._artefact, self._model = artefact, loaded(self._home, artefact)
                self._checked = self._monotonic()
            return self._model, self._artefact.id if self._artefact else ""


def loaded(home: Path, artefact: Artefact | None) -> RiskModel | None:
    """The model that was kept; None without one, or where it cannot be read (which the log then says)."""
    if artefact is None:
        return None
    try:
        return RiskModel.load(home / artefact.path)
    except OSError as broken:
        log.error("artefact %s cannot be read (%s); engagement alone serves", artefact.id, type(broken).__name__)
        return None


def _plugged(asked: Asked, house: Risk | None, bought: Bought, now: datetime) -> Risk:
    """In the words of the house. Who does not say when a client falls at risk is taken at P(alive) as it is now."""
    answer, said = cast(RiskAnswer, asked.decision.answer), asked.decision
    falls_at = answer.falls_at or (now if answer.p_alive < LEFT else None)
    return Risk(
        algorithm=said.algorithm,
        version=said.version,
        horizon_days=HORIZON_DAYS,
        orders=bought.orders,
        p_alive=answer.p_alive,
        expected_orders=answer.expected_orders,
        falls_at=falls_at,
        gone_at=now if answer.p_alive < GONE else None,
        why=house.why if house else "",
    )
