"""Calls of models on record, and what they leave of a client's day."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select

from models.model_call import ModelBudget, ModelCall, ModelUsage
from store.database import read_transaction, write_transaction
from store.mail.model_calls import find_repeated_failure, load_spent_today
from store.tables import model_calls
from tests.store.conftest import NOW
from tests.support.model_calls import save_calls


def call(hours_ago: float = 0, client_id: str = "ann", **fields: object) -> ModelCall:
    usual = ModelCall(
        at=NOW - timedelta(hours=hours_ago), client_id=client_id, n=1, agent="writer", prompt_version="writer-1",
        model="m", tokens_in=100, tokens_out=20, latency_ms=12.5, verdict="ok",
    )  # fmt: skip
    return usual.model_copy(update=fields)


def test_a_call_is_kept_whole(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        save_calls(connection, [call(verdict="ungrounded")])
    with read_transaction(engine) as connection:
        row = connection.execute(select(model_calls)).one()
    assert ModelCall.model_validate(row._mapping) == call(verdict="ungrounded")


def test_what_a_client_has_spent_is_that_of_the_last_day(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        save_calls(connection, [call(), call(23.9), call(24), call(0, "bob"), call(verdict="unavailable", tokens_in=0)])
        save_calls(connection, [])
    with read_transaction(engine) as connection:
        assert load_spent_today(connection, "ann", NOW) == ModelUsage(calls=3, tokens=260)
        assert load_spent_today(connection, "nobody", NOW) == ModelUsage()


def test_a_budget_is_spent_by_calls_or_by_tokens() -> None:
    budget = ModelBudget(calls=2, tokens=100)
    assert not budget.subtract(ModelUsage(calls=1, tokens=99)).is_spent
    assert budget.subtract(ModelUsage(calls=2, tokens=0)).is_spent
    assert budget.subtract(ModelUsage(calls=1, tokens=100)).is_spent


def test_trouble_stands_when_the_latest_calls_all_failed_alike(engine: Engine) -> None:
    def after(*verdicts: str) -> str:
        with write_transaction(engine) as connection:
            save_calls(connection, [call(verdict=verdict) for verdict in verdicts])
            return find_repeated_failure(connection)

    assert after("unavailable", "unavailable", "unavailable", "unavailable") == "", "too few to say"
    assert after("unavailable") == "unavailable"
    assert after("ok") == ""
    assert after("invalid", "invalid", "ungrounded", "invalid", "invalid") == ""
    assert after("ok", "ok", "ok", "ok", "ok") == ""
