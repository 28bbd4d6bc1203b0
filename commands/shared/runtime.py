"""The database in force, the business time, and a Temporal client for one command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from settings import Settings
from workflows import handles

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client


Result = TypeVar("Result")


def open_database(settings: Settings) -> Engine:
    """Connect to the database in force and bring its schema up to date."""
    from store.database import connect  # noqa: PLC0415
    from store.migrate import upgrade  # noqa: PLC0415

    engine = connect(settings.database)
    upgrade(engine)
    return engine


def load_business_time(engine: Engine) -> datetime:
    """Return business time now, by the stored clock."""
    from store import clock  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(engine) as connection:
        return clock.load_business_time(connection, datetime.now(UTC))


def run_with_temporal(settings: Settings, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """Run `work` with a client of the Temporal server in force."""

    async def run() -> Result:
        return await work(
            await handles.connect(settings.temporal_address, settings.temporal_namespace, settings.payload_keys)
        )

    return asyncio.run(run())
