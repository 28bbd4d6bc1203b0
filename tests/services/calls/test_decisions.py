"""A stylist's decision on a call: saved once, and the client's workflow is asked to look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from errors import BadInput, NotFound
from models.actors import SYSTEM
from models.calls import CallDecision, CallState
from models.states import TouchKind
from services.calls.decisions import decide_call
from store.activity import list_activities
from store.clients import calls
from store.database import read_transaction, write_transaction
from store.tables import calls as calls_table
from store.tables import outbox
from tests.store.conftest import NOW, REAL


@pytest.fixture
def call_id(engine: Engine) -> str:
    with write_transaction(engine) as connection:
        until = NOW + timedelta(days=3)
        reason = TouchKind.MISSED
        assert calls.open_call(
            connection, "c0", "missed:1", reason, assessment_id="a", day="2026-06-01", most=10, now=NOW, until=until
        )
        return str(connection.scalar(select(calls_table.c.call_id)))


def test_a_decision_ends_a_call_once_and_nudges_the_client(engine: Engine, call_id: str) -> None:
    for _ in range(2):
        call = decide_call(engine, SYSTEM, call_id, CallDecision(verdict="reached", by="Eve"), NOW, REAL)
        assert (call.state, call.outcome, call.by, call.done_at) == (CallState.DONE, "reached", "Eve", NOW)
    with read_transaction(engine) as connection:
        nudges = connection.execute(select(outbox.c.kind, outbox.c.target, outbox.c.version)).all()
        assert nudges == [("client", "c0", 1)]
        [row] = list_activities(connection)
    assert (row.subject.id, row.subject.client_id, row.data) == (call_id, "c0", {"verdict": "reached"})


def test_a_call_that_ended_otherwise_is_refused(engine: Engine, call_id: str) -> None:
    decide_call(engine, SYSTEM, call_id, CallDecision(verdict="reached"), NOW, REAL)
    with pytest.raises(BadInput, match="this call has ended"):
        decide_call(engine, SYSTEM, call_id, CallDecision(verdict="drop"), NOW, REAL)
    with pytest.raises(NotFound):
        decide_call(engine, SYSTEM, "nobody", CallDecision(verdict="drop"), NOW, REAL)
