"""Killing the worker in the middle of a refresh: the next one goes on where it was, and nothing is done twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from models.refreshes import ChallengerVerdict, RefreshState
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes
from store.tables import outbox, top_picks
from tests.support.forks import fork_workers
from tests.support.shop import a_shop
from tests.support.temporal import DevServer
from workflows import handles, refresh_handles

CLIENTS = 900
BUYERS = 60


async def test_a_killed_refresh_goes_on_where_it_was(tmp_path: Path, dev_server: DevServer) -> None:
    shop = a_shop(tmp_path / "home", temporal_address=dev_server.address, refresh_shard=300)
    now, name = shop.context.wall(), f"kill-{time.time_ns()}"
    shop.sign_up("c", CLIENTS, consent=False)
    for buyer in range(BUYERS):
        for days in (3, 40):
            item, at = f"item{buyer % 12:02}", now - timedelta(days=days + buyer / 9)
            shop.event(f"c{buyer}", "order_placed", at, now=now, item_id=item, value="50.00")
    with write_transaction(shop.engine) as connection:
        connection.execute(outbox.delete())  # no workflow of theirs is to keep the machine busy
    client = await handles.connect(dev_server.address, "default")
    try:
        with fork_workers(shop.settings, tmp_path) as workers:
            workers.start()
            await refresh_handles.start_refresh(client, name)
            await _until(lambda: _slots(shop.engine, name).get("ranking") is not None)
            workers.kill()  # while a model is tried or the next is fitted
            workers.start()
            await _until(lambda: len(_lists(shop.engine)) >= 100)
            workers.kill()  # some lists are made
            before = _lists(shop.engine)
            workers.start()
            report = await asyncio.wait_for(refresh_handles.await_refresh_report(client, name), 300)
    finally:
        shop.sink.stop()
        shop.engine.dispose()
    after = _lists(shop.engine)
    assert 100 <= len(before) < CLIENTS
    assert {client_id: after[client_id] for client_id in before} == before
    assert len(after) == report.picked == CLIENTS
    assert (report.state, len(report.drift) > 5) == (RefreshState.DONE, True)
    assert [slot.slot for slot in report.slots] == ["ranking", "risk", "fit"]
    assert ChallengerVerdict.FAILED not in {slot.verdict for slot in report.slots}
    with read_transaction(shop.engine) as connection:
        saved_ids = {saved.id for saved in artefacts.list_artefacts(connection)}
    assert {slot.artefact for slot in report.slots if slot.artefact} <= saved_ids


async def _until(true: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        await asyncio.sleep(0.005)


def _lists(engine: Engine) -> dict[str, datetime]:
    """When each list was made."""
    query = select(top_picks.c.client_id, top_picks.c.at)
    with read_transaction(engine) as connection:
        return {row.client_id: row.at for row in connection.execute(query)}


def _slots(engine: Engine, name: str) -> dict[str, Any]:
    with read_transaction(engine) as connection:
        row = refreshes.find_refresh(connection, name)
    return {} if row is None else {slot.slot: slot for slot in refreshes.parse_report(row).slots}
