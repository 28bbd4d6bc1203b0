"""What every route needs, made once and stored at `app.state.context`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from settings import Settings
from web.temporal import TemporalConnection


def get_real_time() -> datetime:
    """Return the wall clock, aware UTC; for leases and back-offs, never for a business rule."""
    return datetime.now(UTC)


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


def get_context(request: Request) -> WebContext:
    """Return the context of the app that serves `request`."""
    context: WebContext = request.app.state.context
    return context


async def _provide_context(request: Request) -> WebContext:
    """Return the context; asynchronous, since FastAPI calls other dependencies in a thread."""
    return get_context(request)


Here = Annotated[WebContext, Depends(_provide_context)]
"""The parameter by which a route receives its context."""
