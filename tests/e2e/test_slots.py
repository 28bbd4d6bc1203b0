"""Algorithms in service: a hostile champion costs no client a mail, and a swap of the champion is configuration. On
the real server, with real helper processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from algorithms.slots.slot_table import SLOTS
from store.database import read_transaction
from store.tables import decisions
from tests.support.algorithms import install_algorithm, write_policy_file
from tests.support.shop import Shop
from workflows import handles

DEADLINE = 0.15
HANGS = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    while True:\n        pass\n'
CRASHES = 'import os\n\nslot, version = "ranking", "1"\n\ndef answer(question):\n    os._exit(3)\n'
NAN = """
slot, version = "ranking", "1"

def answer(question):
    first = question["candidates"][: question["n"]]
    return {"items": [{"item_id": each["item_id"], "score": float("nan")} for each in first]}
"""
LATER = """
from datetime import datetime, timedelta

slot, version = "send_time", "2"

def answer(question):
    return {"at": (datetime.fromisoformat(question["windows"][0]["start"]) + timedelta(hours=30)).isoformat()}
"""


def load_decision(shop: Shop, client_id: str, slot: str = "ranking") -> Any:
    query = select(decisions).where(decisions.c.client_id == client_id, decisions.c.slot == slot)
    with read_transaction(shop.engine) as connection:
        return connection.execute(query.where(decisions.c.role == "live")).one_or_none()


async def until(met: Callable[[], bool], seconds: float = 180) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not met():
        assert asyncio.get_running_loop().time() < end, "waited too long"
        await asyncio.sleep(0.05)


async def test_a_hostile_champion_costs_no_mail_and_a_swap_shows_within_ten_seconds(shop: Shop) -> None:
    home = shop.settings.home
    for name, source in (("hangs", HANGS), ("crashes", CRASHES), ("nan", NAN), ("fine", None)):
        install_algorithm(home / "algorithms", name, source=source)
    policy = f"[slots.ranking]\ndeadline_ms = {DEADLINE * 1000:.0f}\nchampion = "
    write_policy_file(home, f'{policy}"hangs"\n')
    client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
    async with shop.run_workers(client) as dispatcher:

        async def wait_for_mail(client_id: str) -> Any:
            shop.client(client_id)
            await dispatcher.send_batch()
            await until(lambda: [row.state for row in shop.ledger(client_id)] == ["sent"])
            (row,) = shop.ledger(client_id)
            record = load_decision(shop, client_id)
            assert len(row.picks) == 4
            assert record.answer["items"] == row.picks
            assert record.n == row.n
            return record

        async def wait_for_record(prefix: str, wanted: Callable[[Any], bool]) -> Any:
            """The first record that is as wanted, and how long it took to come."""
            started = asyncio.get_running_loop().time()
            for number in range(100):
                if wanted(record := await wait_for_mail(f"{prefix}{number}")):
                    return record, asyncio.get_running_loop().time() - started
                await asyncio.sleep(0.2)
            raise AssertionError("never came")

        for name, code in (("hangs", "late"), ("crashes", "crashed"), ("nan", "not_finite")):
            write_policy_file(home, f'{policy}"{name}"\n')
            record, took = await wait_for_record(name, lambda record, fault=[f"{name}:{code}"]: record.faults == fault)  # type: ignore[misc]
            assert took < 10
            assert record.algorithm.startswith("blend")
            assert record.variant == name
            # The rest of the record is the blend's own work; the load of the machine is not the guard's doing.
            assert record.seconds < DEADLINE + 0.05 + 0.1

        write_policy_file(home, f'{policy}"fine"\n')
        record, took = await wait_for_record("fine", lambda record: record.algorithm == "fine")
        assert took < 10
        assert record.faults == []


async def test_an_algorithm_says_when_a_mail_leaves(shop: Shop) -> None:
    install_algorithm(shop.settings.home / "algorithms", "later", source=LATER)
    write_policy_file(shop.settings.home, '[slots.send_time]\nchampion = "later"\n')
    client = await handles.connect(shop.settings.temporal_address, shop.settings.temporal_namespace)
    async with shop.run_workers(client) as dispatcher:
        await asyncio.sleep(2)  # its process starts
        shop.client("c")
        await dispatcher.send_batch()
        await until(lambda: [row.state for row in shop.ledger("c")] == ["scheduled"])
    (row,), record = shop.ledger("c"), load_decision(shop, "c", "send_time")
    assert (record.algorithm, record.n) == ("later", row.n)
    assert row.send_at - row.created_at > timedelta(hours=29)
    assert SLOTS["send_time"].answer.model_validate(record.answer).at == row.send_at  # type: ignore[attr-defined]
