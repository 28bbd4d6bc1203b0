"""A refresh on the real server: on schedule and by command, its report and lists, and the way back."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import cli
from hosting.schedules import REFRESH, keep_schedule
from models.refreshes import RefreshState
from store.database import read_transaction
from store.learning import artefacts, refreshes
from tests.support.shop import Shop, enter_shop
from workflows import handles

BUYERS = 60


def fill(shop: Shop) -> None:
    """Half of the clients like the first twelve items, half the others."""
    now = shop.context.wall()
    shop.sign_up("c", BUYERS, consent=False)
    for buyer in range(BUYERS):
        for k, days in enumerate((5, 40, 50, 60, 80, 100)):
            item = f"item{(buyer * 5 + k) % 12 + 12 * (buyer % 2):02}"
            shop.event(f"c{buyer}", "order_placed", now - timedelta(days=days), now=now, item_id=item, value="50.00")


async def test_by_command(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter_shop(monkeypatch, shop.settings)
    client, name = await handles.connect(shop.settings.temporal_address, "default"), uuid.uuid4().hex[:12]
    fill(shop)
    als_settings = shop.settings.model_copy(
        update={"refresh_ranking": "als"}
    )  # the stacked ranker needs more interactions than these
    shop.context = replace(shop.context, settings=als_settings)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["selvedge", *arguments])
        status = cli.run()
        return status, *capsys.readouterr()

    assert call("refresh", "report")[2].strip() == "selvedge: name: nothing has been refreshed yet"
    async with shop.run_workers(client):
        status, out, err = await asyncio.to_thread(call, "refresh", "--name", name, "--wait", "--json")
        assert status == 0, err
        report = json.loads(out)
        ranking = next(slot for slot in report["slots"] if slot["slot"] == "ranking")
        assert (report["picked"], ranking["verdict"], ranking["promoted"]) == (BUYERS, "first", True)
        status, _, err = await asyncio.to_thread(call, "refresh", "--name", name)
        assert (status, err.strip()) == (
            1,
            f"selvedge: refresh: refresh {name} has been made; give another name",
        )
    status, out, _ = call("refresh", "report")
    assert out.startswith(f"refresh {name}: done; lists for 60 clients; ")
    assert "\n  ranking    first, it serves now: ndcg@10 " in out
    assert "\n  fit        nothing to learn\n" in out
    assert "distance" in out
    status, out, _ = call("refresh", "picks", "--out", str(tmp_path / "top.csv"), "--json")
    rows = list(csv.DictReader((tmp_path / "top.csv").read_text().splitlines()))
    assert json.loads(out)["rows"] == len(rows)
    assert {row["client_id"] for row in rows} == {f"c{n}" for n in range(BUYERS)}
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    _, _, err = call("refresh", "picks", "--out", str(tmp_path / "none" / "top.csv"))
    assert err.strip().endswith("top.csv: No such file or directory")
    _, out, _ = call("train", "list", "--slot", "ranking")
    assert out.startswith(f"* {ranking['artefact']} ")
    status, out, _ = call("train", "promote", ranking["artefact"])
    assert (status, out.strip()) == (0, f"{ranking['artefact']} serves ranking")
    _, _, err = call("train", "promote", "never")
    assert err.strip() == "selvedge: id: no artefact has this id"


async def test_on_schedule(shop: Shop) -> None:
    client = await handles.connect(shop.settings.temporal_address, "default")
    await keep_schedule(client, REFRESH, hour=3, time_zone="Europe/London", pace=21_600)
    handle = client.get_schedule_handle(REFRESH.schedule)
    spec = (await handle.describe()).schedule.spec
    assert spec.intervals[0].every == timedelta(minutes=10)  # not each day of four seconds
    await keep_schedule(client, REFRESH, hour=3, time_zone="Europe/London", pace=1)
    spec = (await handle.describe()).schedule.spec
    assert (spec.time_zone_name, spec.calendars[0].hour[0].start) == ("Europe/London", 3)
    async with shop.run_workers(client):  # a shop in which nobody ever bought
        await handle.trigger()
        for _ in range(1_800):
            with read_transaction(shop.engine) as connection:
                done = refreshes.list_latest(connection, done=True)
            if done:
                break
            await asyncio.sleep(0.1)
    assert done[0].state is RefreshState.DONE
    assert done[0].refresh.startswith("day-20")
    assert {slot.verdict for slot in done[0].slots} == {"nothing_to_learn"}
    with read_transaction(shop.engine) as connection:
        assert artefacts.list_artefacts(connection) == []
