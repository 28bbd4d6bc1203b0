"""A decision is kept once, whoever retries it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from store import decisions
from store.database import reading, writing
from tests.support.stocked import NOW

ASKED: dict[str, Any] = {
    "slot": "ranking",
    "algorithm": "blend+content",
    "version": "built-in",
    "client_id": "c",
    "snapshot": "s",
    "latency_ms": 1.5,
}


def test_a_retry_keeps_the_first_answer(engine):
    with writing(engine) as connection:
        first = decisions.record(connection, **ASKED, n=1, at=NOW, answer=[{"item_id": "a", "score": 0.5}])
    with writing(engine) as connection:
        assert decisions.record(connection, **ASKED, n=1, at=NOW, answer=[{"item_id": "b", "score": 0.4}]) == first
    with reading(engine) as connection:
        (kept,) = decisions.of_client(connection, "c")
    assert kept.answer == [{"item_id": "a", "score": 0.5}]
    assert (kept.at, kept.n, kept.algorithm) == (NOW, 1, "blend+content")


@pytest.mark.parametrize("other", [{"n": 2}, {"at": NOW + timedelta(seconds=1)}, {"slot": "session"}])
def test_another_question_is_another_decision(engine, other):
    with writing(engine) as connection:
        decisions.record(connection, **{**ASKED, "n": 1, "at": NOW, "answer": []})
        decisions.record(connection, **{**ASKED, "n": 1, "at": NOW, "answer": [], **other})
        assert len(decisions.of_client(connection, "c")) == 2


def test_the_latest_come_first_and_only_so_many(engine):
    with writing(engine) as connection:
        for n in range(5):
            decisions.record(connection, **ASKED, n=n, at=NOW + timedelta(hours=n), answer=[])
        decisions.record(connection, **{**ASKED, "client_id": "d"}, n=9, at=NOW, answer=[])
        assert [row.n for row in decisions.of_client(connection, "c", limit=3)] == [4, 3, 2]
