"""Waves on the real server: the same boxes whoever works on them, cancelled ones left out, on schedule, by command."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

import cli
from hosting.schedules import WAVE, keep_schedule
from models.fixes import FixState
from models.waves import WaveReport, WaveState
from services.fixes.wave_replay import replay_wave
from store.database import read_transaction, write_transaction
from store.fixes import fixes, stock_prices, waves
from tests.support.shop import Shop, a_shop, enter_shop
from tests.support.temporal import DevServer
from tests.support.wave_shop import load_boxes, load_report, request_wave_fixes
from workflows import fix_handles, handles, ids

CLIENTS = 9


def name() -> str:
    """Shops share a server."""
    return uuid.uuid4().hex[:12]


async def run_wave(shop: Shop, client: Client, wave: str, workers: int = 1) -> WaveReport:
    """A wave, from its start to its report."""
    async with AsyncExitStack() as stack:
        for _ in range(workers):  # each with a client of its own, as another process has
            own = await handles.connect(shop.settings.temporal_address, "default")
            await stack.enter_async_context(shop.run_workers(own))
        await fix_handles.start_wave(client, wave)
        return await asyncio.wait_for(fix_handles.await_wave_report(client, wave), 240)


async def test_boxes_do_not_depend_on_the_number_of_workers(tmp_path: Path, dev_server: DevServer) -> None:
    client = await handles.connect(dev_server.address, "default")
    results = []
    for workers in (1, 2):
        shop = a_shop(tmp_path / str(workers), temporal_address=dev_server.address, fix_wave_part=4)
        try:
            wave, fix_ids = name(), request_wave_fixes(shop, CLIENTS)
            wave_report = await run_wave(shop, client, wave, workers)
            results.append((load_boxes(shop, fix_ids), wave_report.model_copy(update={"wave": "", "seconds": 0.0})))
            assert wave_report == load_report(shop, wave)
            assert (wave_report.state, wave_report.fixes, wave_report.parts) == (WaveState.DONE, CLIENTS, 3)
            assert wave_report.proposed == wave_report.assembled == sum(map(bool, results[-1][0]))
            assert wave_report.filled == sum(map(len, results[-1][0])) == 5 * CLIENTS - wave_report.unfilled
            assert 0 < wave_report.objective <= wave_report.bound + 1e-9
            assert wave_report.gap <= 0.05  # all clients are alike here
            with read_transaction(shop.engine) as connection:
                assert replay_wave(connection, wave) == {
                    fix_id: tuple(fixes.load_fix(connection, fix_id).box or ()) for fix_id in fix_ids
                }
                skus = {sku for box in results[-1][0] for sku in box}
                assert any(
                    row.price for row in stock_prices.load_prices(connection, skus).values()
                )  # something was short
        finally:
            shop.sink.stop()
            shop.engine.dispose()
    assert results[0] == results[1]


async def test_a_fix_that_was_cancelled_is_left_out_and_one_that_lost_its_units_is_made_anew(shop: Shop) -> None:
    client = await handles.connect(shop.settings.temporal_address, "default")
    wave, fix_ids, now = name(), request_wave_fixes(shop, 3), datetime.now(UTC)
    async with shop.run_workers(client) as dispatcher:
        await fix_handles.request_fix(client, "wave000", fix_ids[0])
        with write_transaction(shop.engine) as connection:
            fixes.move_fix(connection, fix_ids[1], FixState.CANCELLED, now, code="cancelled")
        await fix_handles.start_wave(client, wave)
        wave_report = await asyncio.wait_for(fix_handles.await_wave_report(client, wave), 240)
        assert wave_report.proposed == 2
        for _ in range(1_800):
            await dispatcher.send_batch()
            status = await fix_handles.query_fix_status(client, fix_ids[0])
            if status.state is FixState.PROPOSED:
                break
            await asyncio.sleep(0.1)
        assert tuple(sorted(status.box)) == load_boxes(shop, fix_ids)[0] != ()
    assert load_boxes(shop, fix_ids)[1] == ()


async def test_a_cancelled_wave_stops_and_keeps_what_it_proposed(shop: Shop) -> None:
    client = await handles.connect(shop.settings.temporal_address, "default")
    wave, fix_ids = name(), request_wave_fixes(shop, 2)
    await fix_handles.start_wave(client, wave)  # nobody works yet
    await fix_handles.cancel_wave(client, wave, "stock is counted")
    async with shop.run_workers(client):
        wave_report = await asyncio.wait_for(fix_handles.await_wave_report(client, wave), 240)
        assert wave_report.state is WaveState.CANCELLED
        assert load_boxes(shop, fix_ids) == [(), ()]
        again = await run_wave(shop, client, name())
    assert again.proposed == 2


async def test_the_schedule_is_kept_as_the_settings_say(shop: Shop) -> None:
    client = await handles.connect(shop.settings.temporal_address, "default")
    await keep_schedule(client, WAVE, hour=5, time_zone="Europe/London", pace=1)
    await keep_schedule(client, WAVE, hour=6, time_zone="Europe/Berlin", pace=1)
    handle = client.get_schedule_handle(WAVE.schedule)
    spec = (await handle.describe()).schedule.spec
    assert (spec.time_zone_name, spec.calendars[0].hour[0].start) == ("Europe/Berlin", 6)
    await handle.pause()
    await keep_schedule(client, WAVE, hour=6, time_zone="Europe/Berlin", pace=21_600)
    described = await handle.describe()
    assert described.schedule.spec.intervals[0].every == timedelta(seconds=4)
    assert described.schedule.state.paused
    await keep_schedule(client, WAVE, hour=6, time_zone="Europe/Berlin", pace=1)
    fix_ids = request_wave_fixes(shop, 2)
    async with shop.run_workers(client):
        await handle.trigger()
        for _ in range(1_800):
            if all(load_boxes(shop, fix_ids)):
                break
            await asyncio.sleep(0.1)
    assert all(load_boxes(shop, fix_ids))
    with read_transaction(shop.engine) as connection:
        row = waves.find_latest(connection)
    assert row is not None
    assert row.wave_id.startswith("day-20")
    assert ids.fix_wave(row.wave_id).startswith("fix-wave:day-")


async def test_by_command(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    enter_shop(monkeypatch, shop.settings)
    client = await handles.connect(shop.settings.temporal_address, "default")
    wave = name()
    request_wave_fixes(shop, 3)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["selvedge", "fixes", "wave", *arguments])
        status = cli.run()
        return status, *capsys.readouterr()

    async with shop.run_workers(client):
        status, out, err = await asyncio.to_thread(call, "--wave", wave, "--wait", "--json")
        assert status == 0, err
        assert json.loads(out)["proposed"] == 3
        status, _, err = await asyncio.to_thread(call, "--wave", wave)
        assert status == 1
        assert err.strip() == f"selvedge: wave: wave {wave} has been made; give another name"
    for wave_name in (wave, "last"):
        status, out, _ = await asyncio.to_thread(call, "--report", wave_name)
        assert status == 0
        assert out.startswith(f"wave {wave}: done; 3 of 3 Fixes proposed, ")
    status, _, err = await asyncio.to_thread(call, "--report", "never")
    assert (status, err.strip()) == (1, "selvedge: report: no wave 'never'")
