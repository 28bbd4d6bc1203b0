"""The slots: what each asks, what it takes, how long it waits, and what answers when nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from domain import slot_defaults, slots
from domain.slots import Wrong
from errors import NotFound
from models.slots import (
    Answer,
    AssemblyAnswer,
    AssemblyQuestion,
    EngagementAnswer,
    EngagementQuestion,
    NextActionAnswer,
    NextActionQuestion,
    Question,
    RankingAnswer,
    RankingQuestion,
    RiskAnswer,
    RiskQuestion,
    SendTimeAnswer,
    SendTimeQuestion,
    SessionAnswer,
    SessionQuestion,
)

Q = TypeVar("Q", bound=Question)
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Slot:
    """`seconds`: the default deadline for one question. `rules`: what is wrong with an answer, or None."""

    name: str
    asks: str
    question: type[Question]
    answer: type[Answer]
    rules: Callable[[Any, Any], Wrong | None]
    fallback: Callable[[Any], Answer]
    seconds: float

    def schema(self) -> dict[str, Any]:
        """What an author needs: the JSON Schemas of the question and the answer."""
        return {
            "slot": self.name,
            "asks": self.asks,
            "deadline_ms": round(self.seconds * 1000),
            "question": self.question.model_json_schema(mode="serialization"),
            "answer": self.answer.model_json_schema(mode="validation"),
        }


def _slot(
    name: str,
    asks: str,
    question: type[Q],
    answer: type[A],
    rules: Callable[[Q, A], Wrong | None],
    fallback: Callable[[Q], A],
    seconds: float = 0.2,
) -> Slot:
    return Slot(name, asks, question, answer, rules, fallback, seconds)


def _no_rule(question: RiskQuestion, answer: RiskAnswer) -> Wrong | None:
    """The schema says it all."""
    return None


_ALL: Final[Sequence[Slot]] = (
    _slot("engagement", "How engaged is this client, and when will that cross the next band?",
          EngagementQuestion, EngagementAnswer, slots.engagement, slot_defaults.engagement),
    _slot("risk", "How likely is this client to have left, against their own cadence?",
          RiskQuestion, RiskAnswer, _no_rule, slot_defaults.risk),
    _slot("ranking", "Which items for this client, here, now?",
          RankingQuestion, RankingAnswer, slots.ranking, slot_defaults.ranking),
    _slot("session", "How to order what this visitor sees?",
          SessionQuestion, SessionAnswer, slots.session, slot_defaults.session, 0.05),
    _slot("assembly", "Which items make the box?",
          AssemblyQuestion, AssemblyAnswer, slots.assembly, slot_defaults.assembly, 0.5),
    _slot("send_time", "When to send inside the allowed windows?",
          SendTimeQuestion, SendTimeAnswer, slots.send_time, slot_defaults.send_time),
    _slot("next_action", "A mail, a stylist's call, an offer, or nothing?",
          NextActionQuestion, NextActionAnswer, slots.next_action, slot_defaults.next_action),
)  # fmt: skip

SLOTS: Final[dict[str, Slot]] = {slot.name: slot for slot in _ALL}


def slot_named(name: str) -> Slot:
    """Raises NotFound with the names there are."""
    if name not in SLOTS:
        raise NotFound(f"no slot {name!r}; there are {', '.join(SLOTS)}", "slot")
    return SLOTS[name]
