"""A year of one client in seconds: every phase, every signal, on the real workflows, database and SMTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from hosting.dispatch import Dispatcher
from models.states import OutreachState, Phase
from tests.support.shop import Shop
from workflows import ids
from workflows.lifecycle import ClientLifecycle


class Year:
    """One client's year."""

    def __init__(self, env: WorkflowEnvironment, shop: Shop, dispatcher: Dispatcher, client_id: str) -> None:
        self.env, self.shop, self.dispatcher, self.client_id = env, shop, dispatcher, client_id
        self.handle: WorkflowHandle[Any, Any] = env.client.get_workflow_handle(ids.client(client_id))

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def add_event(self, kind: str, **fields: Any) -> None:
        now = await self.now()
        self.shop.event(self.client_id, kind, now, **fields)
        while await self.dispatcher.send_batch():
            pass

    async def pass_time(self, days: float) -> None:
        await self.env.sleep(timedelta(days=days))

    async def phase(self) -> Phase:
        status = await self.handle.query(ClientLifecycle.status)
        assert status.phase is not None
        return status.phase

    def kinds(self) -> list[str]:
        return [row.kind for row in self.shop.ledger(self.client_id) if row.state == OutreachState.SENT]


async def test_a_year_of_one_client(time_skipping: WorkflowEnvironment, shop: Shop) -> None:
    async with shop.run_workers(time_skipping.client) as dispatcher:
        year = Year(time_skipping, shop, dispatcher, "year1")
        shop.client("year1", now=await year.now())
        await dispatcher.send_batch()
        await year.pass_time(1.5)
        assert await year.phase() is Phase.ONBOARDING
        assert year.kinds() == ["welcome"]
        await year.pass_time(4)
        assert year.kinds() == ["welcome", "quiz"]

        await year.add_event("order_placed", item_id="item03", value="60.00", currency="USD")
        await year.pass_time(1)
        assert await year.phase() is Phase.ACTIVE

        await year.pass_time(70)
        assert await year.phase() is Phase.COOLING
        await year.pass_time(64)
        assert await year.phase() is Phase.AT_RISK
        assert year.kinds() == ["welcome", "quiz", "missed", "new_in"]
        await year.pass_time(10)
        assert year.kinds()[-1] == "stylist"

        await year.pass_time(60)
        assert await year.phase() is Phase.LAPSED
        assert year.kinds()[-1] == "win_back"
        await year.add_event("order_placed", item_id="item07", value="90.00", currency="USD")
        await year.pass_time(3)
        assert await year.phase() is Phase.WON_BACK
        assert year.kinds()[-1] == "won_back"
        await year.pass_time(40)
        assert await year.phase() is Phase.ACTIVE
        await year.pass_time(300)
        assert await year.phase() is Phase.DORMANT

        mails = shop.mails()
        assert len(mails) == len({m.headers["Message-ID"] for m in mails}) == len(year.kinds())
        await year.handle.terminate()
