"""Records the histories that the replay test holds workflow code against.

`python -m tests.histories.record` plays a year of a client, a pause, a campaign, a model's mail, some Fixes, two waves,
an erasure and a refresh on the time-skipping server and writes every run's history beside this file. Run it when a
workflow gains a path worth holding; keep the old files, since runs like them are still open somewhere.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import update
from temporalio.client import Client, WorkflowHistory

from errors import BadInput
from models.campaign import PauseRequest, ResumeRequest
from models.clients import ClientPolicy
from store.database import write_transaction
from store.fixes.rows import parse_candidates
from store.tables import clients
from tests.doubles.chat_server import ChatServer
from tests.support.fixes import FixDesk, a_desk
from tests.support.shop import Shop, a_shop
from tests.support.temporal import new_time_skipping
from tests.support.updates import set_policy
from workflows import erasure_handles, fix_handles, handles, ids, refresh_handles

HERE = Path(__file__).parent
BUYERS = 120


async def main() -> None:
    """Record all scenarios."""
    with ChatServer() as model:
        model.next("reviewer", "revise")
        asks = {"llm_base_url": model.base_url, "llm_api_key": SecretStr("test-key")}
        await _record_scenario("year", {})
        await _record_scenario("started", {})
        await _record_scenario("steered", {})
        await _record_scenario("modelled", asks)
    await _record_broadcast()
    await _record_fixes()
    await _record_waves()
    await _record_erasure()
    await _record_refresh()


async def _record_broadcast() -> None:
    """A campaign that goes out in parts, and ends by itself with nobody left."""
    with tempfile.TemporaryDirectory() as folder:
        shop = a_shop(Path(folder), quiet_from_hour=0, quiet_until_hour=0)
        shop.context = replace(shop.context, broadcast_from=2)
        try:
            async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
                now = await env.get_current_time()
                for k in range(3):
                    shop.client(f"many{k}", now=now - timedelta(days=60))
                shop.campaign("parts", now, throughput_per_minute=6_000, ends_at=now + timedelta(days=2))
                with write_transaction(shop.engine) as connection:
                    connection.execute(update(clients).values(policy={"topics": ["campaign"]}))
                for _ in range(3):
                    await dispatcher.send_batch()
                    await env.sleep(timedelta(days=1))
                if [row.state for row in shop.ledger()] != ["sent"] * 3:
                    raise RuntimeError(f"not sent: {[(row.state, row.code) for row in shop.ledger()]}")
                _write("campaign.parts", 1, await env.client.get_workflow_handle(ids.campaign("parts")).fetch_history())
        finally:
            shop.sink.stop()
            shop.engine.dispose()


async def _record_fixes() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with new_time_skipping() as env, a_desk(env, Path(folder)) as desk:
            for name, scenario in FIXES.items():
                await _record_fix(desk, name, scenario)


async def _record_waves() -> None:
    """One in two parts for three clients whose items are short, and one that is cancelled."""
    with tempfile.TemporaryDirectory() as folder:
        async with new_time_skipping() as env, a_desk(env, Path(folder), fix_wave_part=2) as desk:
            desk.set_stock(1)
            for client in ("ana", "bea", "cleo"):
                await desk.save_request(client, when="wave", budget="160.00")
            for wave in ("proposed", "off"):
                await fix_handles.start_wave(env.client, wave)
                if wave == "off":
                    await fix_handles.cancel_wave(env.client, wave, "stock is counted")
                await fix_handles.await_wave_report(env.client, wave)
                _write(f"fix-wave.{wave}", 1, await env.client.get_workflow_handle(ids.fix_wave(wave)).fetch_history())


async def _record_erasure() -> None:
    """Of a client with a Fix that waits for a stylist."""
    with tempfile.TemporaryDirectory() as folder:
        async with new_time_skipping() as env, a_desk(env, Path(folder)) as desk:
            fix_id = await desk.request_fix("leaving")
            await erasure_handles.start_erasure(env.client, "leaving")
            await desk.pass_time(minutes=11)
            for workflow_id in (ids.erasure("leaving"), ids.client("leaving"), ids.fix(fix_id)):
                name = workflow_id.replace(":", ".").replace(fix_id, "leaving")
                _write(name, 1, await env.client.get_workflow_handle(workflow_id).fetch_history())


async def _record_refresh() -> None:
    """A ranking that is promoted, a risk model that is not, nothing to learn of fit."""
    with tempfile.TemporaryDirectory() as folder:
        async with new_time_skipping() as env, a_desk(env, Path(folder), refresh_shard=50) as desk:
            now = await desk.now()
            desk.shop.sign_up("c", BUYERS, consent=False)
            for buyer in range(BUYERS):  # half of them like the first twelve items, half the others
                for k, days in enumerate((5, 9, 40, 60, 80, 100, 120, 140)):
                    item, at = f"item{(buyer * 5 + k) % 12 + 12 * (buyer % 2):02}", now - timedelta(days=days)
                    desk.shop.event(f"c{buyer}", "order_placed", at, now=now, item_id=item, value="50.00")
            await refresh_handles.start_refresh(env.client, "2026-11-21")
            report = await refresh_handles.await_refresh_report(env.client, "2026-11-21")
            if not any(slot.promoted for slot in report.slots):
                raise RuntimeError(f"nothing was promoted: {report.slots}")
            history = await env.client.get_workflow_handle(ids.refresh("2026-11-21")).fetch_history()
            _write("refresh.2026-11-21", 1, history)


async def _record_fix(desk: FixDesk, name: str, scenario: Callable[[FixDesk, str], Awaitable[None]]) -> None:
    fix_id = await desk.save_request(
        name, request_key=name, note="I need a coat.", when="wave" if name == "waited" else "now"
    )
    await fix_handles.request_fix(desk.temporal, name, fix_id)
    await desk.pass_time(seconds=5)
    await scenario(desk, fix_id)
    for workflow_id, file_name in ((ids.fix(fix_id), f"fix.{name}"), (ids.client(name), f"client.{name}")):
        _write(file_name, 1, await desk.temporal.get_workflow_handle(workflow_id).fetch_history())


async def _keep_box(desk: FixDesk, fix_id: str) -> None:
    box = desk.box(fix_id)
    spare = next(c.sku for c in parse_candidates(desk.row(fix_id)) if c.sku not in {item.sku for item in box})
    with suppress(BadInput):
        await desk.decide(fix_id, "swap", (box[0].sku, spare))
    desk.set_stock(0, desk.box(fix_id)[0].item_id)
    for _ in range(2):  # the first approval finds that a unit is gone
        await desk.decide(fix_id, "approve")
        await desk.pass_time(seconds=5)
    await fix_handles.nudge_fix(desk.temporal, fix_id)
    await desk.pass_time(days=15)


async def _reject_late(desk: FixDesk, fix_id: str) -> None:
    await desk.pass_time(days=3)
    await desk.decide(fix_id, "reject")
    await desk.pass_time(seconds=5)


async def _call_off(desk: FixDesk, fix_id: str) -> None:
    await fix_handles.cancel_fix(desk.temporal, fix_id)
    await desk.pass_time(seconds=5)


FIXES = {"kept": _keep_box, "waited": _reject_late, "off": _call_off}


async def _record_scenario(name: str, settings: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop_settings: dict[str, Any] = {
            "quiet_from_hour": 0,
            "quiet_until_hour": 0,
            "llm_calls_per_client_day": 100,
            **settings,
        }
        shop = a_shop(Path(folder), **shop_settings)
        try:
            async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
                shop.client(name, now=await env.get_current_time())
                await dispatcher.send_batch()
                await env.sleep(timedelta(days=1))
                if name == "steered":
                    await _steer(env.client, shop, name)
                    shop.campaign("spring", await env.get_current_time(), message="New colours have come in.")
                    await dispatcher.send_batch()
                    for span in (timedelta(days=1), timedelta(days=3)):
                        await env.sleep(span)
                        await dispatcher.send_batch()
                    await env.client.get_workflow_handle(ids.client(name)).signal("resume", {"overdue": "replan"})
                    await handles.signal(env.client, ids.campaign("spring"), "pause", PauseRequest())
                    await env.sleep(timedelta(days=1))
                    await handles.signal(env.client, ids.campaign("spring"), "resume", ResumeRequest())
                    await env.sleep(timedelta(days=1))
                elif name == "year":
                    shop.event(name, "order_placed", await env.get_current_time(), value="60.00")
                    await dispatcher.send_batch()
                    await env.sleep(timedelta(days=364))
                await _save(env.client, shop, name)
        finally:
            shop.sink.stop()
            shop.engine.dispose()


async def _steer(client: Client, shop: Shop, name: str) -> None:
    handle = client.get_workflow_handle(ids.client(name))
    await set_policy(client, name, ClientPolicy(max_mails_per_week=3))
    await handle.signal("adjust", {"preferred_hour": 9})
    await handle.signal("pause", {"reason": "test"})
    await handle.signal("pause", "not an object")


async def _save(client: Client, shop: Shop, name: str) -> None:
    workflow_ids = [ids.client(name), *(ids.outreach(name, row.n) for row in shop.ledger(name))]
    if name == "steered":
        workflow_ids.append(ids.campaign("spring"))
    for workflow_id in workflow_ids:
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        run = history.events[0].workflow_execution_started_event_attributes.first_execution_run_id
        runs = [history] if not run else await _runs(client, workflow_id, run)
        for k, history in enumerate(runs):
            _write(workflow_id.replace(":", "."), k + 1, history)


def _write(name: str, run: int, history: WorkflowHistory) -> None:
    path = HERE / f"{name}.run{run}.json"
    path.write_text(json.dumps(json.loads(history.to_json()), separators=(",", ":")) + "\n")
    print(path.name, len(history.events), "events")


async def _runs(client: Client, workflow_id: str, run_id: str) -> list[WorkflowHistory]:
    histories = []
    while run_id:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        histories.append(history)
        run_id = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return histories


if __name__ == "__main__":
    asyncio.run(main())
