"""A decision is kept once, whoever retries it; what lies behind it goes after a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from algorithms.slots.slot_table import SLOTS
from models.answers import AnswerRecord
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.mail.policy import ShopPolicy
from store.sql.types import to_micros
from tests.store.seeds import seed_clients
from tests.support.shop_services import NOW
from tests.support.tables import create_tables

ASKED = AnswerRecord(
    slot="ranking",
    client_id="c",
    asked_at=NOW,
    question="q1",
    role="live",
    variant="house",
    algorithm="blend+content",
    version="built-in",
    seconds=0.0015,
    answer={"items": [{"item_id": "a", "score": 0.5}]},
    faults=("far:late",),
)
OTHER = ASKED.model_copy(update={"answer": {"items": [{"item_id": "b", "score": 0.4}]}, "question": "q2"})
SHADOW = ASKED.model_copy(update={"role": "shadow", "variant": "new", "algorithm": "new", "answer": None})


@pytest.mark.parametrize("used_by", [{"n": 1}, {"fix_id": "f"}, {"key": "f/1"}])
def test_a_retry_keeps_the_first_answer(engine, used_by: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        first = decisions.save_decision(connection, ASKED, NOW, **used_by)
    with write_transaction(engine) as connection:
        assert decisions.save_decision(connection, OTHER, NOW, **used_by) == first
    with read_transaction(engine) as connection:
        (row,) = decisions.load_client_decisions(connection, "c")
    assert row.answer == ASKED.answer
    assert (row.at, row.algorithm, row.faults) == (NOW, "blend+content", ("far:late",))
    assert row.id == first


@pytest.mark.parametrize(
    ("record", "at", "used_by"),
    [
        (ASKED, NOW, {"n": 2}),
        (ASKED, NOW + timedelta(seconds=1), {"n": 1}),
        (ASKED.model_copy(update={"slot": "session"}), NOW, {"n": 1}),
        (ASKED, NOW, {"fix_id": "f"}),
        (ASKED, NOW, {"key": "k"}),
    ],
)
def test_another_use_is_another_decision(engine, record: AnswerRecord, at: Any, used_by: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, ASKED, NOW, n=1)
        decisions.save_decision(connection, record, at, **used_by)
        assert len(decisions.load_client_decisions(connection, "c")) == 2


def test_a_key_is_one_decision_whatever_is_asked_and_when(engine) -> None:
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, ASKED, NOW, key="fix/1")
        decisions.save_decision(connection, OTHER, NOW + timedelta(hours=1), key="fix/1")
        (row,) = decisions.load_client_decisions(connection, "c")
    assert row.question == "q1"


def test_the_latest_come_first_and_only_so_many_and_no_shadows(engine) -> None:
    with write_transaction(engine) as connection:
        for n in range(1, 6):
            decisions.save_decision(connection, ASKED, NOW + timedelta(hours=n), n=n)
        decisions.save_decision(connection, ASKED.model_copy(update={"client_id": "d"}), NOW, n=9)
        decisions.save_shadows(connection, [SHADOW, SHADOW])
        assert [row.n for row in decisions.load_client_decisions(connection, "c", limit=3)] == [5, 4, 3]


def test_a_question_comes_back_as_it_was_and_is_purged_and_live_answers_stay(engine) -> None:
    body = b'{"client_id":"c"}' * 100
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, ASKED, NOW, n=1, body=body)
        decisions.save_decision(connection, OTHER, NOW + timedelta(days=2), n=2, body=b"{}")
        decisions.save_shadows(connection, [SHADOW, SHADOW])
        decisions.save_shadows(connection, [SHADOW])
        assert decisions.load_question(connection, "q1") == body
        assert decisions.purge_old(connection, NOW + timedelta(days=1), SLOTS) == 2
        assert decisions.purge_old(connection, NOW + timedelta(days=1), SLOTS) == 0
        assert (decisions.load_question(connection, "q1"), decisions.load_question(connection, "q2")) == (None, b"{}")
        assert len(decisions.load_client_decisions(connection, "c")) == 2


def test_orders_of_pages_go_with_their_questions(engine) -> None:
    page = ASKED.model_copy(update={"slot": "session", "question": "q9"})
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, ASKED, NOW, n=1)
        decisions.save_decision(connection, page, NOW, body=b"{}")
        assert decisions.purge_old(connection, NOW + timedelta(days=1), SLOTS) == 2
        assert [row.slot for row in decisions.load_client_decisions(connection, "c")] == ["ranking"]


def test_what_is_purged_is_found_without_reading_what_stays(tmp_path: Path) -> None:
    """Every hour, by a thread that holds the database while it looks."""
    engine, statements = connect(f"sqlite:///{tmp_path}/shop.db"), list[tuple[str, Any]]()
    create_tables(engine)
    with write_transaction(engine) as connection:
        event.listen(connection, "before_cursor_execute", lambda *of: statements.append(of[2:4]))
        decisions.purge_old(connection, NOW, SLOTS)
    with read_transaction(engine) as connection:
        plans = [
            row.detail
            for statement, at in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", at)
        ]
    engine.dispose()
    assert len(statements) == len(SLOTS) + 2
    assert not [plan for plan in plans if plan.startswith("SCAN")]


def test_answers_of_pages_are_saved_once_and_only_of_clients_who_are_there(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "c")
    line = {
        "id": "d1", "slot": "ranking", "client_id": "c", "at": to_micros(NOW), "question": "q", "variant": "house",
        "experiment": "", "algorithm": "blend", "version": "1", "propensity": None, "seconds": 0.1,
        "answer": {"items": [{"item_id": "i", "score": 1.0}]}, "faults": [], "body": '{"n": 1}',
    }  # fmt: skip
    for _ in range(2):
        with write_transaction(engine) as connection:
            decisions.save_exposures(connection, [line, line | {"id": "d2", "client_id": "gone"}])
    with read_transaction(engine) as connection:
        (row,) = decisions.load_client_decisions(connection, "c")
        assert (row.id, row.at, row.answer, row.faults) == ("d1", NOW, line["answer"], ())
        assert decisions.load_question(connection, "q") == b'{"n": 1}'
        assert decisions.load_client_decisions(connection, "gone") == []
