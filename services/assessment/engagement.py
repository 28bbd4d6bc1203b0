"""The engagement score by the slot's algorithm, where one has a part; else by the closed formula, the built-in.

Without an algorithm nothing is read or asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from sqlalchemy import Connection

from algorithms.slots.built_in import BuiltIn
from domain.engagement import FORMULA, Engagement, EngagementRules
from domain.engagement_answers import PluggedScore, answer_by_formula, build_question
from models.base import ClientId
from models.slots import EngagementAnswer, Occurrence
from services.decisions.decider import Decider, PendingDecision

SLOT: Final = "engagement"
NAME, _, VERSION = FORMULA.partition("/")


class EngagementResult(NamedTuple):
    """What the slot answered. `plugged`: the score of an algorithm; None where the formula decides."""

    plugged: PluggedScore | None
    pending: PendingDecision


class EngagementService:
    """Asks the slot about clients. One for a process; safe from many threads."""

    def __init__(self, rules: EngagementRules, decider: Decider | None = None) -> None:
        self._rules, self._decider = rules, decider or Decider()

    def has_algorithm(self) -> bool:
        """Return whether a plugged algorithm has a part; where none has, nothing is read or asked for it."""
        return self._decider.has_algorithm(SLOT)

    def ask(
        self, client_id: ClientId, events: tuple[Occurrence, ...], stats: Engagement, now: datetime
    ) -> EngagementResult:
        """Ask about one client, outside any transaction. `stats`: what the formula knows of the client."""
        question = build_question(client_id, self._rules, events, now)
        built_in = BuiltIn(lambda _: answer_by_formula(self._rules, stats, now), NAME, VERSION)
        return _read_result(self._decider.ask(SLOT, question, built_in))

    def ask_many(
        self,
        client_ids: Sequence[ClientId],
        events: Sequence[tuple[Occurrence, ...]],
        scores: Sequence[float],
        now: datetime,
    ) -> list[EngagementResult]:
        """Ask about many clients, for whom the formula says `scores`."""
        questions = [
            build_question(client_id, self._rules, past, now)
            for client_id, past in zip(client_ids, events, strict=True)
        ]
        built_ins = [_build_constant(score) for score in scores]
        return [_read_result(pending) for pending in self._decider.ask_many(SLOT, questions, built_ins)]

    def record(self, connection: Connection, result: EngagementResult, now: datetime, key: str) -> None:
        """Record the slot's answer under `key`, in the transaction that uses it."""
        self._decider.record(connection, result.pending, now, key=key)


def _build_constant(score: float) -> BuiltIn:
    return BuiltIn(lambda _: EngagementAnswer(score=score), NAME, VERSION)


def _read_result(pending: PendingDecision) -> EngagementResult:
    decision = pending.decision
    if decision.by_built_in:
        return EngagementResult(None, pending)
    name = f"{decision.algorithm}/{decision.version}"
    return EngagementResult(PluggedScore(cast(EngagementAnswer, decision.answer), name), pending)
