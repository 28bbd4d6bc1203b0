"""The loop beside the dispatcher: it learns, and goes on after a database that was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.sessions import CREDIT_WINDOW
from hosting import page_training
from store.database import connect
from tests.support.tables import create_tables
from tests.support.visits import Visits


async def test_pages_that_are_over_teach_though_the_first_look_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    visits = Visits(engine)
    visits.page(datetime.now(UTC) - CREDIT_WINDOW - timedelta(minutes=5), "i0", "i1")
    failures, trained, loop = [OSError("away")], asyncio.Event(), asyncio.get_running_loop()

    def shaky(engine: Engine) -> int:
        if failures:
            raise failures.pop()
        done = page_training.train_once(engine)
        loop.call_soon_threadsafe(trained.set)
        return done

    task = asyncio.create_task(page_training.run_training(engine, every=0.01, look=shaky))
    await asyncio.wait_for(trained.wait(), 120)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "lessons wait: OSError" in caplog.text
    assert visits.load_posterior()[0].lessons == 1
    engine.dispose()
