"""Every step of a mail is counted by where it led; nothing else is, and no failure; it has a code."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from errors import InFlight
from hosting.activity_interceptor import ActivityInterceptor
from models.clock import Clock
from models.outreach import StepDone
from models.states import OutreachState


class Answering(ActivityInboundInterceptor):
    """Stands for the activity."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def execute(answer: Any) -> Any:
    call = ExecuteActivityInput(fn=lambda: None, args=[], executor=None, headers={})
    return await ActivityInterceptor().intercept_activity(Answering(answer)).execute_activity(call)


def read_counter() -> float:
    return REGISTRY.get_sample_value("selvedge_outreaches_total", {"state": "parked"}) or 0.0


async def test_a_step_is_counted_and_its_answer_handed_on() -> None:
    before, done = read_counter(), StepDone(state=OutreachState.PARKED, clock=Clock())
    assert await execute(done) is done
    assert read_counter() == before + 1


async def test_other_answers_and_failures_are_not_counted() -> None:
    before = read_counter()
    assert await execute("parked") == "parked"
    with pytest.raises(ApplicationError, match=r"^in_flight: in_flight$"):
        await execute(InFlight("under way"))
    assert read_counter() == before
