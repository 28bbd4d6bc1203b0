"""The slots: what each asks, the answers it takes, its deadline, and its built-in answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from algorithms.slots.built_in import BuiltIn
from domain import built_in_answers, slot_rules
from domain.slot_rules import RuleViolation
from errors import NotFound
from models.slots import (
    AssemblyAnswer,
    AssemblyQuestion,
    EngagementAnswer,
    EngagementQuestion,
    NextActionAnswer,
    NextActionQuestion,
    RankingAnswer,
    RankingQuestion,
    RiskAnswer,
    RiskQuestion,
    SendTimeAnswer,
    SendTimeQuestion,
    SessionAnswer,
    SessionQuestion,
    SlotAnswer,
    SlotQuestion,
)

Q = TypeVar("Q", bound=SlotQuestion)
A = TypeVar("A", bound=SlotAnswer)


@dataclass(frozen=True)
class Slot:
    """`seconds`: the default deadline for one question. `rules`: what is wrong with an answer, or None. `built_in`: the
    last member of the chain where the service that asks hands over none."""

    name: str
    asks: str
    question: type[SlotQuestion]
    answer: type[SlotAnswer]
    rules: Callable[[Any, Any], RuleViolation | None]
    built_in: BuiltIn
    seconds: float

    def build_schema(self) -> dict[str, Any]:
        """Return the JSON Schemas of the question and the answer, with the slot's name and deadline, for authors of
        algorithms."""
        return {
            "slot": self.name,
            "asks": self.asks,
            "deadline_ms": round(self.seconds * 1000),
            "question": self.question.model_json_schema(mode="serialization"),
            "answer": self.answer.model_json_schema(mode="validation"),
        }


def _define_slot(
    name: str,
    asks: str,
    question: type[Q],
    answer: type[A],
    rules: Callable[[Q, A], RuleViolation | None],
    answer_plainly: Callable[[Q], A],
    seconds: float = 0.2,
) -> Slot:
    return Slot(name, asks, question, answer, rules, BuiltIn(answer_plainly), seconds)


def _accept_any(question: RiskQuestion, answer: RiskAnswer) -> RuleViolation | None:
    """Accept any answer that satisfies the schema."""
    return None


_ALL: Final[Sequence[Slot]] = (
    _define_slot("engagement", "How engaged is this client, and when will that cross the next band?",
          EngagementQuestion, EngagementAnswer, slot_rules.check_engagement, built_in_answers.answer_engagement),
    _define_slot("risk", "How likely is this client to have left, against their own cadence?",
          RiskQuestion, RiskAnswer, _accept_any, built_in_answers.answer_risk),
    _define_slot("ranking", "Which items for this client, here, now?",
          RankingQuestion, RankingAnswer, slot_rules.check_ranking, built_in_answers.answer_ranking),
    _define_slot("session", "How to order what this visitor sees?",
          SessionQuestion, SessionAnswer, slot_rules.check_session, built_in_answers.answer_session, 0.05),
    _define_slot("assembly", "Which items make the box?",
          AssemblyQuestion, AssemblyAnswer, slot_rules.check_assembly, built_in_answers.answer_assembly, 0.5),
    _define_slot("send_time", "When to send inside the allowed windows?",
          SendTimeQuestion, SendTimeAnswer, slot_rules.check_send_time, built_in_answers.answer_send_time),
    _define_slot("next_action", "A mail, a stylist's call, an offer, or nothing?",
          NextActionQuestion, NextActionAnswer, slot_rules.check_next_action, built_in_answers.answer_next_action),
)  # fmt: skip

SLOTS: Final[dict[str, Slot]] = {slot.name: slot for slot in _ALL}


def require_slot(name: str) -> Slot:
    """Return the slot of that name. Raises NotFound with the names there are."""
    if name not in SLOTS:
        raise NotFound(f"no slot {name!r}; there are {', '.join(SLOTS)}", "slot")
    return SLOTS[name]
