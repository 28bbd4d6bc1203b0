"""Budgets of model calls on both databases: asked before a call, settled after, and never overdrawn by callers at
once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, delete, select

from errors import BudgetSpent
from models.model_call import ModelBudget, ModelCall, ModelUsage, SpendLimit, SpendLimits, SpendScope, Transcript
from services.context import ServiceContext
from services.mailing.model_budget import open_call, settle_call
from services.mailing.model_session import StoredAccount
from settings import Settings
from store.database import read_transaction, write_transaction
from store.mail import model_calls
from store.tables import model_calls as calls_table
from store.tables import model_spend, model_transcripts
from tests.store.conftest import NOW

SCOPE = SpendScope(client_id="ann", campaign="spring", day="2026-06-01")
SAID = Transcript(messages=({"role": "user", "content": "canary"},), answer="{}", faults=("dull",))


def build_call(client_id: str = "ann", **fields: Any) -> ModelCall:
    usual = {"at": NOW, "client_id": client_id, "n": 1, "agent": "writer", "prompt_version": "1", "model": "m"}
    return ModelCall.model_validate({**usual, "tokens_in": 60, "tokens_out": 40, "cost_micros": 500, **fields})


def build_limits(**fields: Any) -> SpendLimits:
    return SpendLimits.model_validate({"client": {"calls": 100, "tokens": 100_000}, **fields})


def open_one(engine: Engine, limits: SpendLimits, client_id: str = "ann") -> int:
    with write_transaction(engine) as connection:
        scope = SCOPE.model_copy(update={"client_id": client_id})
        return open_call(connection, build_call(client_id), scope, limits)


def load_sums(engine: Engine) -> dict[str, ModelUsage]:
    with read_transaction(engine) as connection:
        rows = connection.execute(select(model_spend)).all()
    return {row.scope: ModelUsage(calls=row.calls, tokens=row.tokens, micros=row.micros) for row in rows}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"total": {"tokens": 250}}, "budget_total"),
        ({"day": {"micros": 1_200}}, "budget_day"),
        ({"campaign": {"tokens": 299}}, "budget_campaign"),
        ({"client": {"calls": 2, "tokens": 9_999}}, "budget_spent"),
        ({"client": {"calls": 9, "tokens": 299}}, "budget_spent"),
        ({"client": {"calls": 9, "tokens": 9_999, "micros": 1_499}}, "budget_spent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_each_limit_refuses_the_call_that_would_break_it(engine: Engine, limits: Any, code: str) -> None:
    both = build_limits(**limits)
    open_one(engine, both)
    open_one(engine, both)
    before = load_sums(engine)
    with pytest.raises(BudgetSpent) as refused:
        open_one(engine, both)
    assert refused.value.code == code
    assert load_sums(engine) == before, "a refusal counts nowhere"


def test_callers_at_once_never_overdraw(engine: Engine) -> None:
    limits = build_limits(client={"calls": 3, "tokens": 99_999}, day={"tokens": 500})

    def attempt(client_id: str) -> bool:
        try:
            return bool(open_one(engine, limits, client_id))
        except BudgetSpent:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, ["ann"] * 8)) == 3, "of one client"
        assert sum(pool.map(attempt, [f"c{k}" for k in range(8)])) == 2, "of all clients"
    assert load_sums(engine)["day"] == ModelUsage(calls=5, tokens=500, micros=2_500)


def test_a_call_is_settled_once_at_what_it_cost(engine: Engine) -> None:
    key = open_one(engine, build_limits())
    real = build_call(key=key, tokens_in=20, tokens_out=5, cost_micros=90, verdict="ok", transcript=SAID)
    for _ in range(2):
        with write_transaction(engine) as connection:
            settle_call(connection, real, SCOPE, keep=True)
    assert set(load_sums(engine).values()) == {ModelUsage(calls=1, tokens=25, micros=90)}
    with read_transaction(engine) as connection:
        (record,) = model_calls.list_mail_calls(connection, "ann", 1)
    assert (record.verdict, record.tokens_in, record.transcript) == ("ok", 20, SAID)


def test_an_erased_call_leaves_no_trace_when_it_ends(engine: Engine) -> None:
    key = open_one(engine, build_limits())
    with write_transaction(engine) as connection:
        connection.execute(delete(calls_table))
        settle_call(connection, build_call(key=key, transcript=SAID), SCOPE, keep=True)
        assert connection.execute(select(model_transcripts)).all() == []


def test_a_call_whose_process_died_stays_reserved_and_is_no_failure(engine: Engine) -> None:
    for _ in range(5):
        open_one(engine, build_limits())
    with read_transaction(engine) as connection:
        assert model_calls.load_spent_today(connection, "ann", NOW).tokens == 500
        assert model_calls.find_repeated_failure(connection) == ""


def test_what_was_said_is_deleted_when_its_time_is_over(engine: Engine) -> None:
    for _ in range(2):
        key = open_one(engine, build_limits())
        with write_transaction(engine) as connection:
            settle_call(connection, build_call(key=key, transcript=SAID), SCOPE, keep=key == 1)
    with write_transaction(engine) as connection:
        assert model_calls.delete_old_transcripts(connection, NOW) == 0
        assert model_calls.delete_old_transcripts(connection, NOW.replace(hour=13)) == 1, "one was kept"
        records = model_calls.list_mail_calls(connection, "ann", 1)
    assert [record.transcript for record in records] == [None, None]


@pytest.mark.parametrize(("verdict", "faults"), [("ok", 0), ("mended", 0), ("invalid", 1)])
async def test_an_answer_that_was_used_is_no_fault(engine: Engine, tmp_path: Path, verdict: str, faults: int) -> None:
    context = ServiceContext(Settings(_env_file=None, home=tmp_path), engine)
    account = StoredAccount(context, SCOPE)

    def count() -> float:
        return REGISTRY.get_sample_value("selvedge_model_faults_total", {"fault": verdict}) or 0.0

    before = count()
    account.charge(build_call(key=await account.open(build_call()), verdict=verdict))
    await account.save()
    assert count() - before == faults


def test_no_money_limit_is_no_limit() -> None:
    assert SpendLimit().has_room(ModelUsage(tokens=10**12, micros=10**12))
    assert ModelBudget(calls=1, tokens=1).has_room(ModelUsage(calls=1, tokens=1, micros=10**12))
