"""Each call to a model is charged to the client's budget and recorded, whatever the endpoint says of its cost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.attempts import Attempts, BudgetAccount
from errors import BudgetSpent
from models.model_call import ModelBudget, ModelCall, ModelUsage
from tests.agents.briefs import NOW

BLANK = ModelCall(at=NOW, client_id="c-17", n=3, agent="writer", prompt_version="1", model="m")


def build_attempts(usage: Any, budget: ModelBudget) -> tuple[Attempts, list[ModelCall]]:
    """Attempts on an endpoint that always answers, and what was recorded."""

    async def complete(**_: Any) -> Any:
        choice = SimpleNamespace(finish_reason="stop", message=SimpleNamespace(refusal=None))
        return SimpleNamespace(usage=usage, choices=[choice])

    calls: list[ModelCall] = []
    return Attempts(complete, BLANK, BudgetAccount(budget, calls.append)), calls


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (SimpleNamespace(prompt_tokens=30, completion_tokens=7), (30, 7)),
        (SimpleNamespace(prompt_tokens=None, completion_tokens=None), (0, 0)),
        (None, (0, 0)),
    ],
)
async def test_a_call_costs_what_the_endpoint_counts(usage: Any, tokens: tuple[int, int]) -> None:
    attempts, calls = build_attempts(usage, ModelBudget(calls=2, tokens=1_000))
    await attempts.call()
    assert calls == [], "open until its answer was read"
    attempts.wrap_check(None)(None)
    attempts.settle()
    attempts.settle()
    assert [(call.verdict, call.tokens_in, call.tokens_out) for call in calls] == [("ok", *tokens)]


async def test_no_call_is_made_beyond_the_budget() -> None:
    attempts, calls = build_attempts(None, ModelBudget(calls=2, tokens=1_000))
    await attempts.call()
    await attempts.call()
    with pytest.raises(BudgetSpent):
        await attempts.call()
    assert (attempts.count, [call.verdict for call in calls]) == (2, ["invalid", "invalid"])


def test_usage_is_taken_off_the_budget() -> None:
    budget = ModelBudget(calls=2, tokens=50).subtract(ModelUsage(calls=1, tokens=49))
    assert not budget.is_spent
    assert budget.subtract(ModelUsage(calls=0, tokens=1)).is_spent
    assert budget.subtract(ModelUsage(calls=1, tokens=0)).is_spent
