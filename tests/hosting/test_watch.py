"""A watch goes on whatever fails, and says of faults no more than may stand in a log."""

from __future__ import annotations

import asyncio
import logging

import pytest

from errors import BadInput, Unavailable
from hosting.watch import watch

FAULTS = [Unavailable("the database does not answer"), BadInput("ann@shop.example is unknown"), OSError("/secret")]


async def test_it_looks_again_whatever_fails(caplog: pytest.LogCaptureFixture) -> None:
    waiting, done = list(FAULTS), asyncio.Event()

    async def look() -> None:
        if waiting:
            raise waiting.pop(0)
        done.set()

    task = asyncio.create_task(watch(look, 0.0, logging.getLogger("selvedge.test"), "nothing is seen"))
    await asyncio.wait_for(done.wait(), 5)
    task.cancel()
    said = ["nothing is seen: the database does not answer", "nothing is seen: BadInput", "nothing is seen: OSError"]
    assert [record.getMessage() for record in caplog.records] == said
