"""Update the page order's posterior now and then, wherever the outbox is drained. Several workers do no harm: each
decision counts once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sqlalchemy import Engine

from hosting.watch import watch
from services.training.session import update_posterior
from store import clock
from store.database import read_transaction

EVERY_S: Final = 60.0

log = logging.getLogger("selvedge.lessons")


def train_once(engine: Engine) -> int:
    """Update with all answers whose time is over by now; return how many were used."""
    with read_transaction(engine) as connection:
        now = clock.load_business_time(connection, datetime.now(UTC))
    return update_posterior(engine, now)


async def run_training(engine: Engine, every: float = EVERY_S, look: Callable[[Engine], int] = train_once) -> None:
    """Update until cancelled; `every`: real seconds between two updates."""
    await watch(partial(asyncio.to_thread, look, engine), every, log, "lessons wait")
