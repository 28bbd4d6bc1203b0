"""The forecast of how likely a client is to have left: by the slot's algorithm, else by the learnt model, else none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, cast

from sqlalchemy import Connection, Engine

from algorithms.risk.forecast import forecast_risk
from algorithms.risk.risk_model import RiskModel
from algorithms.slots.built_in import BuiltIn
from domain.churn_risk import LAPSED_SHARE, ChurnRisk, ClientOrders
from models.base import ClientId
from models.slots import Occurrence, RiskAnswer, RiskQuestion
from services.decisions.decider import Decider, PendingDecision
from store.learning import artefacts
from store.learning.artefacts import Artefact

SLOT: Final = "risk"
HORIZON_DAYS: Final = 90
CHECK_SECONDS: Final = 3.0
"""Real seconds for which the model in memory is taken to be the live one."""
AT_RISK_BELOW: Final = 0.5
"""A client with a lower P(alive) is at risk where the algorithm does not say when that turned."""

log = logging.getLogger(__name__)


class RiskResult(NamedTuple):
    """A client's forecast; None where engagement alone decides. `pending`: the slot's answer, where it was asked."""

    forecast: ChurnRisk | None
    pending: PendingDecision | None = None


class RiskService:
    """Forecasts the risk of clients. One for a process; safe from many threads. Without a `decider` only the learnt
    model is used."""

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

    def has_algorithm(self) -> bool:
        """Return whether a plugged algorithm has a part; where none has, nothing is read or asked for it."""
        return self._decider.has_algorithm(SLOT)

    def forecast(self, connection: Connection, bought: ClientOrders, now: datetime) -> ChurnRisk | None:
        """Return the client's forecast by the learnt model; None before one was learnt."""
        model, version = self._load_current(connection)
        return None if model is None else forecast_risk(model, version, bought, now)

    def ask(
        self,
        client_id: ClientId,
        orders: Sequence[tuple[datetime, int]],
        bought: ClientOrders,
        learnt: ChurnRisk | None,
        now: datetime,
    ) -> RiskResult:
        """Ask the slot about a client, outside any transaction. `orders`: when, and for how many cents. `learnt`: the
        forecast of the learnt model, which is the built-in once there is one."""
        events = tuple(Occurrence(kind="order_placed", at=at, value_cents=cents) for at, cents in orders)
        question = RiskQuestion(client_id=client_id, now=now, orders=events, horizon_days=HORIZON_DAYS)
        pending = self._decider.ask(SLOT, question, None if learnt is None else _build_member(learnt))
        if pending.decision.by_built_in:
            return RiskResult(learnt, pending)
        return RiskResult(_build_forecast(pending, learnt, bought, now), pending)

    def record(self, connection: Connection, result: RiskResult, now: datetime, key: str) -> None:
        """Record the slot's answer under `key`, in the transaction that uses it."""
        if result.pending is not None:
            self._decider.record(connection, result.pending, now, key=key)

    def _load_current(self, connection: Connection) -> tuple[RiskModel | None, str]:
        with self._lock:
            if self._monotonic() - self._checked >= CHECK_SECONDS:
                artefact = artefacts.find_live(connection, SLOT)
                if artefact != self._artefact:
                    self._artefact, self._model = artefact, load_model(self._home, artefact)
                self._checked = self._monotonic()
            return self._model, self._artefact.id if self._artefact else ""


def load_model(home: Path, artefact: Artefact | None) -> RiskModel | None:
    """Load the model of an artefact; None without one, or where it cannot be read, which is logged."""
    if artefact is None:
        return None
    try:
        return RiskModel.load(home / artefact.path)
    except OSError as broken:
        log.error("artefact %s cannot be read (%s); engagement alone serves", artefact.id, type(broken).__name__)
        return None


def _build_member(learnt: ChurnRisk) -> BuiltIn:
    """Build the slot's built-in from the forecast of the learnt model."""
    answer = RiskAnswer(p_alive=learnt.p_alive, expected_orders=learnt.expected_orders, falls_at=learnt.falls_at)
    return BuiltIn(lambda _: answer, learnt.algorithm, learnt.version)


def _build_forecast(
    pending: PendingDecision, learnt: ChurnRisk | None, bought: ClientOrders, now: datetime
) -> ChurnRisk:
    """Build the forecast from a plugged answer. Where it does not say when the client falls at risk, P(alive) now
    decides."""
    answer, decision = cast(RiskAnswer, pending.decision.answer), pending.decision
    falls_at = answer.falls_at or (now if answer.p_alive < AT_RISK_BELOW else None)
    return ChurnRisk(
        algorithm=decision.algorithm,
        version=decision.version,
        horizon_days=HORIZON_DAYS,
        orders=bought.orders,
        p_alive=answer.p_alive,
        expected_orders=answer.expected_orders,
        falls_at=falls_at,
        gone_at=now if answer.p_alive < LAPSED_SHARE else None,
        why=learnt.why if learnt else "",
    )
