"""Call the language model on behalf of one client: within every budget, every call on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from agents.llm import LanguageModel, ModelSession
from domain.timing import load_zone
from errors import BudgetSpent, ModelFault
from models.base import CampaignSlug, ClientId
from models.model_call import ModelBudget, ModelCall, SpendScope
from services import metrics
from services.context import ServiceContext
from services.mailing import model_budget
from store.database import read_transaction, write_transaction
from store.mail import ledger
from store.mail.model_calls import WENT_WELL

PREVIEW: Final = "preview"
"""Stands for a client in the calls of previews."""
_UNLIMITED: Final = ModelBudget(calls=10**9, tokens=10**12)


class StoredAccount:
    """The budgets of the shop: each call is opened in the store before it is made, and settled there after."""

    def __init__(self, context: ServiceContext, scope: SpendScope, *, of_client: bool = True) -> None:
        self._context, self._scope, self._of_client = context, scope, of_client
        limits = model_budget.build_spend_limits(context.settings)
        self._limits = limits if of_client else limits.model_copy(update={"client": _UNLIMITED})
        self._ended: list[ModelCall] = []

    async def open(self, call: ModelCall) -> int:
        """Reserve the estimated cost of a call. Raises BudgetSpent, which is counted by its name."""
        await self.save()
        try:
            return await asyncio.to_thread(self._open, call)
        except BudgetSpent as spent:
            metrics.model_faults.labels(fault=spent.code).inc()
            raise

    def charge(self, call: ModelCall) -> None:
        """Note a call that has ended; `save` settles it."""
        self._ended.append(call)

    async def save(self) -> None:
        """Settle the calls that have ended."""
        ended, self._ended = self._ended, []
        if ended:
            await asyncio.to_thread(self._settle, ended)

    def _open(self, call: ModelCall) -> int:
        with write_transaction(self._context.engine) as connection:
            return model_budget.open_call(connection, call, self._scope, self._limits)

    def _settle(self, calls: list[ModelCall]) -> None:
        keep = self._of_client and self._context.settings.transcript_days > 0
        with write_transaction(self._context.engine) as connection:
            for call in calls:
                model_budget.settle_call(connection, call, self._scope, keep=keep)
        for call in calls:
            _count_call(call)


@asynccontextmanager
async def open_session(
    context: ServiceContext, model: LanguageModel | None, client_id: ClientId, n: int | None, now: datetime
) -> AsyncIterator[ModelSession]:
    """Open a session for a client's mail `n` (None: for no mail) at business `now`; all calls are saved, failed or not.

    Raises ModelFault when no model is configured.
    """
    if model is None:
        raise ModelFault("no model is configured")
    account = StoredAccount(context, await asyncio.to_thread(_find_scope, context, client_id, n, now))
    try:
        yield model.session(client_id, n, now, account)
    finally:
        await account.save()


@asynccontextmanager
async def open_preview_session(
    context: ServiceContext, model: LanguageModel, campaign: CampaignSlug, now: datetime
) -> AsyncIterator[ModelSession]:
    """Open a session for previews of a campaign. Its calls are nobody's: they count against the budgets of the shop
    and the campaign, no client's, and what was said in them is not kept."""
    day = f"{now.astimezone(load_zone(context.settings.shop_time_zone)):%Y-%m-%d}"
    account = StoredAccount(context, SpendScope(client_id=PREVIEW, campaign=campaign, day=day), of_client=False)
    try:
        yield model.session(PREVIEW, None, now, account)
    finally:
        await account.save()


def _find_scope(context: ServiceContext, client_id: ClientId, n: int | None, now: datetime) -> SpendScope:
    day = f"{now.astimezone(load_zone(context.settings.shop_time_zone)):%Y-%m-%d}"
    with read_transaction(context.engine) as connection:
        mail = None if n is None else ledger.load_mail(connection, client_id, n)
    return SpendScope(client_id=client_id, campaign=mail.campaign if mail else None, day=day)


def _count_call(call: ModelCall) -> None:
    metrics.model_calls.labels(agent=call.agent, verdict=call.verdict).inc()
    metrics.model_tokens.labels(agent=call.agent).inc(call.tokens_in + call.tokens_out)
    metrics.model_cost.labels(model=call.model).inc(call.cost_micros / 1_000_000)
    if call.verdict not in WENT_WELL:
        metrics.model_faults.labels(fault=call.verdict).inc()
    if call.impossible_usage:
        metrics.model_faults.labels(fault="impossible_usage").inc()
