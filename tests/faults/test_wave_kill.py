"""Killing the worker in the middle of a wave: it goes on where it was, no box is made twice and no unit is lost."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from pathlib import Path

from models.waves import WaveState
from services.fixes.wave_replay import replay_wave
from store.database import read_transaction
from store.fixes import fixes, waves
from tests.support.forks import ForkedWorkers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer
from tests.support.wave_shop import load_boxes, request_wave_fixes, wait_for_state
from workflows import fix_handles, handles

CLIENTS = 24
STAGES = (WaveState.RANKING, WaveState.ASSEMBLING, WaveState.PROPOSING)
"""The worker is killed once in each."""


async def test_a_wave_survives_a_kill_in_each_of_its_stages(tmp_path: Path, dev_server: DevServer) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    shop = a_shop(tmp_path / "home", temporal_address=dev_server.address, fix_wave_part=6)
    wave, fix_ids = uuid.uuid4().hex[:12], request_wave_fixes(shop, CLIENTS, units=4)
    client = await handles.connect(dev_server.address, "default")
    worker = ForkedWorkers(shop.settings, tmp_path)
    try:
        worker.start().wait_until_up()
        await fix_handles.start_wave(client, wave)
        for stage in STAGES:
            await asyncio.to_thread(wait_for_stage, shop, wave, stage)
            await asyncio.sleep(chance.uniform(0, 0.3))
            worker.kill()
            worker.start().wait_until_up()
        report = await asyncio.to_thread(wait_for_state, shop, wave, WaveState.DONE, 240)
        reserved = load_boxes(shop, fix_ids)
        assert report.proposed == report.assembled == sum(map(bool, reserved))
        assert sum(map(len, reserved)) == report.filled
        with read_transaction(shop.engine) as connection:
            saved_boxes = {fix_id: tuple(fixes.load_fix(connection, fix_id).box or ()) for fix_id in fix_ids}
            assert replay_wave(connection, wave) == {fix_id: box for fix_id, box in saved_boxes.items() if box}
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()


def wait_for_stage(shop: Shop, wave: str, stage: WaveState, seconds: float = 180) -> None:
    """Wait until the wave is in a stage, or past it."""
    later = [*STAGES[STAGES.index(stage) :], WaveState.DONE]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with read_transaction(shop.engine) as connection:
            row = waves.find_wave(connection, wave)
        if row is not None and row.state in later:
            return
        time.sleep(0.02)
    raise AssertionError(f"wave {wave} never came to {stage}")
