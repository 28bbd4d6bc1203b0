"""Call the language model on behalf of one client: within the client's daily budget, every call on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from agents.llm import LanguageModel, ModelSession
from errors import ModelFault
from models.base import ClientId
from models.model_call import ModelCall, ModelUsage
from services import metrics
from services.context import ServiceContext
from store.database import read_transaction, write_transaction
from store.mail import model_calls


@asynccontextmanager
async def open_session(
    context: ServiceContext, model: LanguageModel | None, client_id: ClientId, n: int | None, now: datetime
) -> AsyncIterator[ModelSession]:
    """Open a session for a client's mail `n` (None: for no mail) at business `now`; all calls are saved, failed or not.

    Raises ModelFault when no model is configured.
    """
    if model is None:
        raise ModelFault("no model is configured")
    calls: list[ModelCall] = []
    spent = await asyncio.to_thread(_load_spent, context, client_id, now)
    try:
        yield model.session(client_id, n, now, spent, calls.append)
    finally:
        await asyncio.to_thread(_save_calls, context, calls)


def _load_spent(context: ServiceContext, client_id: ClientId, now: datetime) -> ModelUsage:
    with read_transaction(context.engine) as connection:
        return model_calls.load_spent_today(connection, client_id, now)


def _save_calls(context: ServiceContext, calls: list[ModelCall]) -> None:
    with write_transaction(context.engine) as connection:
        model_calls.save_calls(connection, calls)
    for call in calls:
        metrics.model_calls.labels(agent=call.agent, verdict=call.verdict).inc()
        metrics.model_tokens.labels(agent=call.agent).inc(call.tokens_in + call.tokens_out)
