"""The loop beside the dispatcher: it learns, and goes on after a database that was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.sessions import WITHIN
from hosting import lessons
from store.database import connect
from store.tables import metadata
from tests.support.visits import Visits


async def test_pages_that_are_over_teach_though_the_first_look_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    metadata.create_all(engine)
    visits = Visits(engine)
    visits.page(datetime.now(UTC) - WITHIN - timedelta(minutes=5), "i0", "i1")
    failures, learnt, loop = [OSError("away")], asyncio.Event(), asyncio.get_running_loop()

    def shaky(engine: Engine) -> int:
        if failures:
            raise failures.pop()
        done = lessons.once(engine)
        loop.call_soon_threadsafe(learnt.set)
        return done

    task = asyncio.create_task(lessons.run(engine, every=0.01, look=shaky))
    await asyncio.wait_for(learnt.wait(), 20)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "lessons wait: OSError" in caplog.text
    assert visits.known()[0].lessons == 1
    engine.dispose()
