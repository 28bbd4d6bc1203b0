"""Score a client: engagement and the risk of having left, each by its slot's algorithm where there is one, else by the
closed formula and by the learnt model, else without a risk.

Algorithms may think for a while, so they are asked before the assessment's transaction. Where neither slot has one,
nothing is read for them.
"""

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
from domain.assessment import AssessmentRules, AssessmentSnapshot, ClientScore, score_snapshot
from domain.churn_risk import LAPSED_SHARE, ChurnRisk, ClientOrders
from models.base import ClientId
from models.lifecycle import AssessRequest
from models.slots import Occurrence, RiskAnswer, RiskQuestion
from services.assessment import engagement
from services.assessment.engagement import EngagementResult, EngagementService
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from store.clients import engagement_events, order_histories
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

RISK_SLOT: Final = "risk"
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
        pending = self._decider.ask(RISK_SLOT, question, None if learnt is None else _build_member(learnt))
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
                artefact = artefacts.find_live(connection, RISK_SLOT)
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


class SlotAnswers(NamedTuple):
    """What the slots answered; None where a slot was not asked."""

    engagement: EngagementResult | None = None
    risk: RiskResult | None = None


class SlotScoring:
    """Scores clients, with the algorithms of both slots. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, rules: AssessmentRules, decider: Decider | None = None) -> None:
        self._context, self._rules, self._decider = context, rules, decider or Decider()
        self._engagement = EngagementService(rules.engagement, self._decider)
        self._risk = RiskService(context.engine, context.settings.home, self._decider)

    def ask(self, request: AssessRequest) -> SlotAnswers:
        """Ask the slots that have an algorithm, outside any transaction."""
        asks_engagement = self._decider.has_algorithm(engagement.SLOT)
        asks_risk = self._decider.has_algorithm(RISK_SLOT)
        if not asks_engagement and not asks_risk:
            return SlotAnswers()
        client_id, events, orders, learnt = request.client_id, {}, [], None
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, request.at)
            totals = order_histories.load_totals(connection, client_id)
            if totals is None or not totals.personal:
                return SlotAnswers()
            if asks_engagement:
                events = dict(engagement_events.load_events(connection, [client_id], now))
            if asks_risk:
                orders = order_histories.load_client_orders(connection, client_id, now)
                learnt = self._risk.forecast(connection, totals.orders, now)
        return SlotAnswers(
            self._engagement.ask(client_id, events.get(client_id, ()), totals.engagement, now)
            if asks_engagement
            else None,
            self._risk.ask(client_id, orders, totals.orders, learnt, now) if asks_risk else None,
        )

    def score(
        self, connection: Connection, snapshot: AssessmentSnapshot, answers: SlotAnswers, assessment_id: str
    ) -> ClientScore:
        """Score the client and record the answers of the slots under the assessment's id."""
        now: datetime = snapshot.now
        if not snapshot.personal:
            return score_snapshot(snapshot, self._rules, None, assessment_id)
        risk = answers.risk or RiskResult(self._risk.forecast(connection, snapshot.purchases, now))
        self._risk.record(connection, risk, now, key=assessment_id)
        plugged = None
        if answers.engagement is not None:
            self._engagement.record(connection, answers.engagement, now, key=assessment_id)
            plugged = answers.engagement.plugged
        return score_snapshot(snapshot, self._rules, risk.forecast, assessment_id, plugged)
