"""Work that is repeated goes on after a failure, ends when it is closed, and says what failed."""

from __future__ import annotations

import threading

import pytest

from errors import Unavailable
from services.repeated_work import RepeatedWork


@pytest.mark.parametrize("failure", [Unavailable("away"), ValueError("a bug")])
def test_it_goes_on_after_a_failure(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[int] = []
    third = threading.Event()

    def step() -> None:
        steps.append(len(steps))
        if len(steps) == 3:
            third.set()
        if len(steps) < 3:
            raise failure

    work = RepeatedWork("work", step, 0.001, "nothing is done")
    work.start()
    assert third.wait(30)
    work.close()
    lines = [record.message for record in caplog.records if record.name == "services.repeated_work"]
    assert lines[:2] == [f"nothing is done: {getattr(failure, 'code', 'ValueError')}"] * 2
    ended = len(steps)
    assert not work._thread.is_alive()
    assert len(steps) == ended


def test_it_does_a_last_step_when_it_is_closed() -> None:
    steps: list[bool] = []
    first = threading.Event()

    def step() -> None:
        steps.append(work.is_closed)
        first.set()

    work = RepeatedWork("work", step, 60.0, "nothing is done", once_more=True)
    work.start()
    assert first.wait(30)
    work.close()
    assert steps == [False, True]
