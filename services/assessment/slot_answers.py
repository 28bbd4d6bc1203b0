"""Ask the slots `engagement` and `risk` about a client before the assessment's transaction, for algorithms may think
for a while. Where neither has an algorithm, nothing is read."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from domain.assessment import AssessmentRules, AssessmentSnapshot, ClientScore, score_snapshot
from models.lifecycle import AssessRequest
from services.assessment.engagement import EngagementResult, EngagementService
from services.assessment.risk import RiskResult, RiskService
from services.context import ServiceContext
from services.decisions.decider import Decider
from store.clients import engagement_events, order_histories
from store.database import read_transaction


class SlotAnswers(NamedTuple):
    """What the slots answered; None where a slot was not asked."""

    engagement: EngagementResult | None = None
    risk: RiskResult | None = None


class SlotScoring:
    """Scores clients, with the algorithms of both slots. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, rules: AssessmentRules, decider: Decider | None = None) -> None:
        self._context, self._rules = context, rules
        self._engagement = EngagementService(rules.engagement, decider)
        self._risk = RiskService(context.engine, context.settings.home, decider)

    def ask(self, request: AssessRequest) -> SlotAnswers:
        """Ask the slots that have an algorithm, outside any transaction."""
        asks_engagement, asks_risk = self._engagement.has_algorithm(), self._risk.has_algorithm()
        if not asks_engagement and not asks_risk:
            return SlotAnswers()
        client_id, events, orders, learnt = request.client_id, {}, [], None
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, request.at)
            totals = order_histories.load_totals(connection, client_id)
            if totals is None:
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
        risk = answers.risk or RiskResult(self._risk.forecast(connection, snapshot.purchases, now))
        self._risk.record(connection, risk, now, key=assessment_id)
        self._engagement.record(connection, answers.engagement, now, key=assessment_id)
        plugged = answers.engagement.plugged if answers.engagement else None
        return score_snapshot(snapshot, self._rules, risk.forecast, assessment_id, plugged)
