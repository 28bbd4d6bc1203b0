"""What every route needs, made once and kept at `app.state.context`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from sqlalchemy import Engine

from settings import Settings
from web.temporal import Temporal


def real_time() -> datetime:
    """The wall clock, aware UTC; for leases and back-offs, never for a business rule."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Context:
    """Settings in force, the database, and the two clocks."""

    settings: Settings
    engine: Engine
    business_now: Callable[[], datetime]
    """Business time, aware UTC; every rule and everything stored goes by it."""
    temporal: Temporal
    """Awaited, gives the Temporal client."""
    real_now: Callable[[], datetime] = real_time


def context_of(request: Request) -> Context:
    """The context of the app that serves `request`; for `Depends`."""
    context: Context = request.app.state.context
    return context
