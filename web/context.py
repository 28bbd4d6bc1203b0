"""What every route needs, made once and stored at `app.state.context`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Final

from fastapi import Depends, Request
from sqlalchemy import Engine

from errors import Unavailable
from models.clock import Clock
from models.figures import KpiReport
from services.figures.report import count_unsettled, load_report
from services.recalled_counts import Count, RecalledCounts
from settings import Settings
from store import clock
from store.database import read_transaction
from store.mail.policy import ShopPolicy
from web.temporal import TemporalConnection


def get_real_time() -> datetime:
    """Return the wall clock, aware UTC; for leases and back-offs, never for a business rule."""
    return datetime.now(UTC)


QUICK_DAY_S: Final = 0.02
"""A count of today that took no longer is made anew each time."""


class BusinessClock:
    """Business time by the stored clock, which a thread of its own reads every `every` seconds once `follow` was
    called: asking never waits for the database, so handlers may ask on the event loop.

    While the database does not answer, the clock that was read last holds."""

    def __init__(self, engine: Engine, every: float = 1.0, real_now: Callable[[], datetime] = get_real_time) -> None:
        self._engine, self._every, self._real_now = engine, every, real_now
        self._clock: Clock | None = None
        self._stopping = threading.Event()

    def __call__(self) -> datetime:
        """Return business time. Raises Unavailable while the clock was never read, or this machine's clock has
        jumped."""
        if self._clock is None:
            raise Unavailable("the shop's clock was not read yet: the database does not answer just now")
        return self._clock.business(self._real_now())

    def recall(self) -> datetime:
        """Return business time by the clock that was read last, real time before that; raises nothing."""
        return (self._clock or Clock()).business(get_real_time())

    def read(self) -> None:
        """Read the stored clock now. Raises Unavailable when the database does not answer."""
        with read_transaction(self._engine) as connection:
            self._clock = clock.load_clock(connection, get_real_time())

    @contextmanager
    def follow(self) -> Iterator[None]:
        """Read the clock at once, then again and again for as long as the block runs."""
        self._stopping.clear()
        with suppress(Unavailable):
            self.read()
        threading.Thread(target=self._read_again_and_again, name="clock", daemon=True).start()
        try:
            yield
        finally:
            self._stopping.set()

    def _read_again_and_again(self) -> None:
        while not self._stopping.wait(self._every):
            with suppress(Unavailable):
                self.read()


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
    opt_outs: Engine | None = None
    """The database for opt-outs, by connections of their own; None: by those of all others."""
    probes: Engine | None = None
    """The same for health."""
    imports: Engine | None = None
    """The same for files that are taken in, which may take as long as they need."""

    def recall_now(self) -> datetime:
        """Return business time without asking the database."""
        now: datetime = getattr(self.business_now, "recall", self.business_now)()
        return now

    @property
    def opt_out_engine(self) -> Engine:
        """The database for opt-outs."""
        return self.opt_outs or self.engine

    @property
    def probe_engine(self) -> Engine:
        """The database for health."""
        return self.probes or self.engine

    @property
    def import_engine(self) -> Engine:
        """The database for files that are taken in."""
        return self.imports or self.engine

    @cached_property
    def counts(self) -> RecalledCounts:
        """Counts of everything there is."""
        return RecalledCounts(self.engine)

    def load_figures(self, days: int) -> KpiReport:
        """Load the key figures; what there is of today is counted anew each time while that is quick."""
        today = self.counts.read(self._count_today, QUICK_DAY_S)
        return load_report(self.engine, self.business_now(), days, self.settings.shop_currency, today)

    @cached_property
    def _count_today(self) -> Count:
        return lambda connection: count_unsettled(connection, self.business_now())

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
