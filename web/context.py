"""What every route needs, made once and stored at `app.state.context`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from models.clock import Clock
from settings import Settings
from store import clock
from store.database import read_transaction
from store.mail.policy import ShopPolicy
from web.temporal import TemporalConnection


def get_real_time() -> datetime:
    """Return the wall clock, aware UTC; for leases and back-offs, never for a business rule."""
    return datetime.now(UTC)


class BusinessClock:
    """Business time by the stored clock, which is read again every `every` seconds; callable from any thread."""

    def __init__(self, engine: Engine, every: float = 1.0) -> None:
        self._engine, self._every = engine, every
        self._clock, self._read_at = Clock(), float("-inf")
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            if time.monotonic() - self._read_at > self._every:
                with read_transaction(self._engine) as connection:
                    self._clock = clock.load_clock(connection, get_real_time())
                self._read_at = time.monotonic()
            return self._clock.business(get_real_time())


@dataclass(frozen=True)
class WebContext:
    """Settings in force, the database, and the two clocks."""

    settings: Settings
    engine: Engine
    business_now: Callable[[], datetime]
    """Business time, aware UTC; used by every rule and stored in every row."""
    temporal: TemporalConnection
    """Awaiting it returns the Temporal client."""
    real_now: Callable[[], datetime] = get_real_time

    @cached_property
    def policy(self) -> ShopPolicy:
        """The shop's policy on what comes in."""
        return ShopPolicy.from_settings(self.settings)


def get_context(request: Request) -> WebContext:
    """Return the context of the app that serves `request`."""
    context: WebContext = request.app.state.context
    return context


async def _provide_context(request: Request) -> WebContext:
    """Return the context; asynchronous, since FastAPI calls other dependencies in a thread."""
    return get_context(request)


Here = Annotated[WebContext, Depends(_provide_context)]
"""The parameter by which a route receives its context."""
