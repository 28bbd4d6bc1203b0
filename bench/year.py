"""What a client costs in a simulated year, counted in the histories of its workflow and of its mails."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from hosting.dispatch import Dispatcher
from models.actors import SYSTEM
from models.campaign_definition import CampaignDefinition
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from tests.support.shop import Shop, a_shop
from tests.support.temporal import new_time_skipping
from workflows import ids

JOURNEYS: Final = "journeys"
STEPS: Final[dict[str, Any]] = {
    "holdout": 0,
    "expires_after": "200d",
    "steps": [
        {"id": "hello", "mail": {"message": "Our spring edit is in: light layers."}},
        {"id": "rest", "wait": "30d"},
        {"id": "look", "wait_for": {"event": "item_viewed", "within": "60d"}},
    ],
}
TASK_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
RENEWED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


def measure() -> dict[str, float]:
    """Measure a year of an idle, a new and a busy client.

    The idle one ordered once before they came to us and is never heard of again: it drifts, and gets the four mails of
    drifting. A new one signs up, orders once, and goes the same way: six mails. A busy one has an event a
    day, an order a fortnight and a campaign a month. One in journeys is idle and on its way through three campaigns of
    several steps, each with a mail, a wait and a wait for something that never happens."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, float]:
    idle, new, busy, journeys = [await _in_a_shop(name) for name in ("idle", "new", "busy", JOURNEYS)]
    return {
        "idle_client_workflow_tasks_per_year": idle["tasks"],
        "idle_client_mails_per_year": idle["mails"],
        "idle_client_in_3_journeys_workflow_tasks_per_year": journeys["tasks"],
        "idle_client_in_3_journeys_mails_per_year": journeys["mails"],
        "new_client_workflow_tasks_in_first_year": new["tasks"],
        "new_client_mails_in_first_year": new["mails"],
        "busy_client_workflow_tasks_per_year": busy["tasks"],
        "busy_client_mails_per_year": busy["mails"],
        "busy_client_history_events_per_year": busy["events"],
        "busy_client_longest_run_events": busy["longest"],
    }


async def _in_a_shop(client_id: str) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as name:
        shop = a_shop(Path(name), stock=False)
        shop.context = replace(shop.context, look_again=timedelta(days=30))
        try:
            return await _year(shop, client_id)
        finally:
            shop.sink.stop()
            shop.engine.dispose()


async def _year(shop: Shop, client_id: str) -> Counter[str]:
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        start = await env.get_current_time()
        if client_id in ("idle", JOURNEYS):
            shop.client(client_id, now=start, signed_up_at=start - timedelta(days=400))
            shop.event(client_id, "order_placed", start - timedelta(hours=1), value="80.00")
        else:
            shop.client(client_id, now=start)
        await dispatcher.send_batch()
        await env.sleep(timedelta(days=1))
        if client_id == "new":
            shop.event(client_id, "order_placed", start, value="80.00", now=await env.get_current_time())
            await dispatcher.send_batch()
        for day in range(2, 366) if client_id == "busy" else ():
            await _a_day(shop, client_id, day, env)
            while await dispatcher.send_batch():
                pass
            await env.sleep(timedelta(days=1))
        if client_id == JOURNEYS:
            await _go_through_journeys(shop, env, dispatcher)
        elif client_id != "busy":
            await env.sleep(timedelta(days=364))
        return await _cost(env.client, shop, client_id)


async def _go_through_journeys(shop: Shop, env: WorkflowEnvironment, dispatcher: Dispatcher) -> None:
    """Let the rest of the year pass with three campaigns of several steps. A campaign's own workflow is nobody's alone;
    it looks for who joins once a month."""
    now, real_now = await env.get_current_time(), datetime.now(UTC)
    for number in range(3):
        definition = CampaignDefinition.model_validate({"slug": f"journey{number}", "name": "Journey", **STEPS})
        save_draft(shop.engine, SYSTEM, definition, shop.settings, now, real_now)
        submit_version(shop.engine, SYSTEM, definition.slug, now, real_now)
        decide_version(shop.engine, SYSTEM, definition.slug, 1, "approve", now, real_now)
        start_version(shop.engine, SYSTEM, definition.slug, now, real_now)
    for span in (timedelta(), timedelta(hours=1), timedelta(hours=1), *12 * [timedelta(days=30)], timedelta(days=4)):
        await env.sleep(span)
        while await dispatcher.send_batch():
            pass


async def _a_day(shop: Shop, client_id: str, day: int, env: WorkflowEnvironment) -> None:
    """Simulate an event a day, an order a fortnight; a mail a month, from a campaign of its own."""
    now = await env.get_current_time()
    if day % 14 == 0:
        shop.event(client_id, "order_placed", now, value="60.00")
    else:
        shop.event(client_id, "item_viewed", now, item_id="item05")
    if day % 30 == 0:
        shop.campaign(f"month{day}", now, throughput_per_minute=60, message="New colours have come in.")


async def _cost(client: Client, shop: Shop, client_id: str) -> Counter[str]:
    mails = shop.ledger(client_id)
    histories = [ids.client(client_id), *(ids.outreach(client_id, row.n) for row in mails)]
    total: Counter[str] = Counter(mails=sum(row.state == "sent" for row in mails))
    for workflow_id in histories:
        run_id = await _first_run(client, workflow_id)
        while run_id:
            events = [e async for e in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events()]
            total["tasks"] += sum(e.event_type == TASK_DONE for e in events)
            total["events"] += len(events)
            total["longest"] = max(total["longest"], len(events))
            last = events[-1]
            renewed = last.event_type == RENEWED
            run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id if renewed else ""
    return total


async def _first_run(client: Client, workflow_id: str) -> str:
    """Find the first run of a chain of continued runs."""
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        return event.workflow_execution_started_event_attributes.first_execution_run_id
    return ""
