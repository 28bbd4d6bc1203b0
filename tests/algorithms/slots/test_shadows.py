"""Shadows are asked and recorded beside the champion, and never cost what is shown anything."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from algorithms.slots.guard import Member, decide
from algorithms.slots.shadows import WAITING, ShadowRunner
from algorithms.slots.slot_decisions import build_answer_record
from algorithms.slots.slot_table import SLOTS
from models.answers import AnswerRecord
from tests.algorithms.slots.questions import build_ranking_question

RANKING = SLOTS["ranking"]


class SteadyAlgorithm:
    """Answers with the first items, `held` until it may."""

    def __init__(self, size: int = 5, held: threading.Event | None = None) -> None:
        self.size, self.held = size, held

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        if self.held is not None:
            self.held.wait(10)
        answer = {"items": [{"item_id": f"item-{i}", "score": 1} for i in range(self.size)]}
        return {"version": "7", "answers": [answer] * len(json.loads(order)["questions"])}

    def is_ready(self, seconds: float) -> bool:
        return True

    def close(self) -> None: ...


def wait_for_records(records: list[AnswerRecord], count: int) -> list[AnswerRecord]:
    end = time.monotonic() + 60
    while len(records) < count and time.monotonic() < end:
        time.sleep(0.01)
    return records


def test_live_and_shadow_answers_of_one_question_are_told_apart_and_belong_together() -> None:
    records: list[AnswerRecord] = []
    shadows = ShadowRunner(records.append)
    question = build_ranking_question("c9")
    live = build_answer_record("ranking", question, decide(RANKING, [], question))
    shadows.ask(RANKING, [Member("new", SteadyAlgorithm()), Member("wrong", SteadyAlgorithm(size=1))], [question], 1.0)
    new, wrong = sorted(wait_for_records(records, 2), key=lambda record: record.algorithm)
    shadows.close()
    assert {live.question, new.question, wrong.question} == {live.question}
    assert (live.role, live.algorithm, new.role, new.algorithm, new.version) == ("live", "house", "shadow", "new", "7")
    assert new.answer is not None
    assert len(new.answer["items"]) == 5
    assert (wrong.algorithm, wrong.answer, wrong.faults) == ("wrong", None, ("wrong:size",))
    assert AnswerRecord.model_validate_json(new.model_dump_json()) == new


def test_stuck_shadows_are_left_out_and_hold_up_nobody() -> None:
    held = threading.Event()
    records: list[AnswerRecord] = []
    shadows = ShadowRunner(records.append)
    member = Member("stuck", SteadyAlgorithm(held=held))
    started = time.monotonic()
    for number in range(WAITING + 50):
        shadows.ask(RANKING, [member], [build_ranking_question(f"c{number}", candidates=5)], 5.0)
    assert time.monotonic() - started < 2
    held.set()
    assert len(wait_for_records(records, WAITING)) == WAITING
    shadows.close()


def test_a_broken_recorder_is_said_without_words_and_the_next_goes_on(caplog: Any) -> None:
    seen: list[str] = []

    def record(answer: AnswerRecord) -> None:
        seen.append(answer.client_id)
        if len(seen) == 1:
            raise ValueError("words of a client")

    shadows = ShadowRunner(record)
    for name in ("c1", "c2"):
        shadows.ask(RANKING, [Member("new", SteadyAlgorithm())], [build_ranking_question(name)], 1.0)
        end = time.monotonic() + 60
        while name not in seen and time.monotonic() < end:
            time.sleep(0.01)
    shadows.close()
    assert seen == ["c1", "c2"]
    assert "words of a client" not in caplog.text
    assert "ValueError" in caplog.text


def test_a_batch_is_one_call_and_one_record_for_each_client() -> None:
    records: list[AnswerRecord] = []
    shadows = ShadowRunner(records.append)
    shadows.ask(RANKING, [Member("new", SteadyAlgorithm())], [build_ranking_question(f"c{n}") for n in range(30)], 5.0)
    assert {record.client_id for record in wait_for_records(records, 30)} == {f"c{n}" for n in range(30)}
    shadows.close()
