"""What calls of language models may cost: reserved at an estimate before each call, settled at the real cost after."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from errors import BudgetSpent
from models.model_call import ModelBudget, ModelCall, ModelUsage, SpendLimit, SpendLimits, SpendScope
from settings import Settings
from store.mail import model_calls

FREE = SpendLimits(client=ModelBudget(calls=0, tokens=0))
"""No limit but the client's, for counting alone."""


def build_spend_limits(settings: Settings) -> SpendLimits:
    """Build the limits of all budgets from the settings."""
    return SpendLimits(
        client=ModelBudget(
            calls=settings.llm_calls_per_client_day,
            tokens=settings.llm_tokens_per_client_day,
            micros=_to_micros(settings.llm_money_per_client_day),
        ),
        campaign=_build_limit(settings.llm_tokens_per_campaign, settings.llm_money_per_campaign),
        day=_build_limit(settings.llm_tokens_per_day, settings.llm_money_per_day),
        total=_build_limit(settings.llm_tokens_total, settings.llm_money_total),
    )


def open_call(connection: Connection, call: ModelCall, scope: SpendScope, limits: SpendLimits) -> int:
    """Open a call at its estimated cost, and return its key.

    The counters are changed first, and lock each other out on both databases, so that one caller after the other sees
    what a client has spent. A refusal takes everything back with its transaction.

    Raises:
        BudgetSpent: its code names the limit that leaves no room.
    """
    cost = _measure(call)
    for name, key, limit in _list_counters(scope, limits):
        if not limit.has_room(model_calls.add_spend(connection, name, key, cost)):
            raise BudgetSpent(f"the models' budget for the {name} is used up", code=f"budget_{name}")
    left = limits.client.subtract(model_calls.load_spent_today(connection, call.client_id, call.at))
    if not left.has_room(cost):
        raise BudgetSpent("the client's model calls, tokens or money for the day are used up")
    return model_calls.begin_call(connection, call)


def settle_call(connection: Connection, call: ModelCall, scope: SpendScope, *, keep: bool) -> None:
    """Settle a call at its real cost; `keep` what was said in it. One that was erased meanwhile leaves no trace."""
    estimate = model_calls.end_call(connection, call)
    if estimate is None:
        return
    real = _measure(call)
    change = ModelUsage(tokens=real.tokens - estimate.tokens, micros=real.micros - estimate.micros)
    for name, key, _ in _list_counters(scope, FREE):
        model_calls.add_spend(connection, name, key, change)
    if keep and call.transcript is not None:
        model_calls.save_transcript(connection, call, call.transcript)


def _list_counters(scope: SpendScope, limits: SpendLimits) -> Iterator[tuple[str, str, SpendLimit]]:
    """List the counters that a call changes, always in the same order, each with its limit."""
    yield "total", "", limits.total
    yield "day", scope.day, limits.day
    if scope.campaign is not None:
        yield "campaign", scope.campaign, limits.campaign


def _measure(call: ModelCall) -> ModelUsage:
    return ModelUsage(calls=1, tokens=call.tokens_in + call.tokens_out, micros=call.cost_micros)


def _build_limit(tokens: int | None, money: float | None) -> SpendLimit:
    return SpendLimit(tokens=tokens, micros=_to_micros(money))


def _to_micros(money: float | None) -> int | None:
    return None if money is None else round(money * 1_000_000)
