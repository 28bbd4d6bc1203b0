"""Fixes in a test's shop: clients who ask for them, a stylist who decides, and a look at what is held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from hosting.dispatch import Dispatcher
from models.actors import Actor, Channel, Role
from models.catalogue import StockRow
from models.fixes import FixDecision, FixItem, FixStatus, FixWish, ItemState, Swap
from services.ingestion import item_intake
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow
from store.tables import fix_items, stock
from tests.support.shop import Shop, a_shop
from workflows import fix_handles

ANA = Actor(who="ana", role=Role.STYLIST, channel=Channel.PAGE)
"""Who decides on Fixes here."""


class FixDesk:
    """A shop at work, with a clock that may skip."""

    def __init__(self, env: WorkflowEnvironment, shop: Shop, dispatcher: Dispatcher) -> None:
        self.env, self.shop, self.dispatcher = env, shop, dispatcher

    @property
    def temporal(self) -> Client:
        return self.env.client

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def pass_time(self, **span: float) -> None:
        """Time goes by, a few days in one call, which the server gives half a minute; what waits in the outbox goes
        out."""
        left = timedelta(**span)
        while left > timedelta(0):
            part = min(left, timedelta(days=3))
            await self.env.sleep(part)
            left -= part
        while await self.dispatcher.send_batch():
            pass

    async def save_request(self, client_id: str, *, request_key: str | None = None, **wish: Any) -> str:
        """A client and their request; no workflow yet."""
        now = await self.now()
        if client_id:
            self.shop.client(client_id, now=now, sizes=("M",), consent=False)
        wanted = FixWish.model_validate(wish)
        due = now + timedelta(days=self.shop.settings.fix_wave_wait_days)
        with write_transaction(self.shop.engine) as connection:
            return fixes.save_request(connection, client_id, wanted, now, request_key=request_key, due=due)

    async def request_fix(self, client_id: str, **wish: Any) -> str:
        """The same, and its workflow runs; a moment later it is proposed, if nothing stands in the way."""
        fix_id = await self.save_request(client_id, **wish)
        await fix_handles.request_fix(self.temporal, client_id, fix_id)
        await self.pass_time(seconds=5)
        return fix_id

    async def decide(self, fix_id: str, verdict: str, *swaps: tuple[str, str]) -> FixStatus:
        decision = FixDecision.model_validate(
            {"verdict": verdict, "by": "ana", "swaps": [Swap(out=out, into=into) for out, into in swaps]}
        )
        return await fix_handles.decide_fix(self.temporal, fix_id, decision, ANA)

    def row(self, fix_id: str) -> FixRow:
        with read_transaction(self.shop.engine) as connection:
            return fixes.load_fix(connection, fix_id)

    def steps(self, fix_id: str) -> list[str]:
        """Every step of a Fix as `state` or `state:code`."""
        with read_transaction(self.shop.engine) as connection:
            return [":".join(filter(None, (step.state, step.code))) for step in fixes.list_steps(connection, fix_id)]

    def box(self, fix_id: str) -> tuple[FixItem, ...]:
        with read_transaction(self.shop.engine) as connection:
            return reservations.load_box(connection, fix_id)

    def set_stock(self, units: int, *items: str) -> None:
        """The shelf holds so many units of each of these items (none named: of all 24)."""
        item_ids = items or tuple(f"item{k:02}" for k in range(24))
        rows = [StockRow(sku=f"{item_id}-M", item_id=item_id, size="M", on_hand=units) for item_id in item_ids]
        with write_transaction(self.shop.engine) as connection:
            item_intake.put_stock(connection, rows)

    def shelf(self) -> dict[str, tuple[int, int]]:
        """sku -> (on hand, reserved); and the one rule of all stock."""
        with read_transaction(self.shop.engine) as connection:
            assert reservations.find_faults(connection) == []
            return {row.sku: (row.on_hand, row.reserved) for row in connection.execute(stock.select())}

    def count_held(self, fix_id: str) -> int:
        """Units held for one Fix."""
        self.shelf()
        query = select(func.count()).where(fix_items.c.fix_id == fix_id, fix_items.c.state == ItemState.HELD)
        with read_transaction(self.shop.engine) as connection:
            return connection.scalar(query) or 0


@asynccontextmanager
async def a_desk(env: WorkflowEnvironment, folder: Path, **settings: Any) -> AsyncIterator[FixDesk]:
    """A shop in `folder` with these settings, at work on `env`."""
    shop = a_shop(folder / "home", **settings)
    try:
        async with shop.run_workers(env.client) as dispatcher:
            yield FixDesk(env, shop, dispatcher)
    finally:
        shop.sink.stop()
        shop.engine.dispose()
