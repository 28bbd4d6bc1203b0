"""The web server: uvicorn with limits on connections, times and log lines, and a sign of life for who watches it."""

from __future__ import annotations

import gc
import resource
import socket
from functools import partial
from typing import Any, Final

import uvicorn

from hosting.forked_processes import say_alive
from hosting.http_connection import LimitedConnection
from hosting.http_limits import ConnectionBook, ConnectionLimits
from hosting.log_limits import limit_repeats
from settings import Settings

BACKLOG: Final = 1_024
TICKS: Final = 10
"""Looks of uvicorn, ten a second, between two signs of life."""
COLLECTIONS: Final = (10_000, 20, 1_000_000)
"""Allocations between two looks of the garbage collector at what is new, and such looks between two at what is not so
new any more; at everything it looks by `_put_aside` alone."""
PUT_ASIDE_TICKS: Final = 300
"""Half a minute: so little has become old by then that to look at it takes milliseconds."""
SPARE_FILES: Final = 512
"""Files for the database, the algorithms, and what is read."""


class WatchedServer(uvicorn.Server):
    """A server that says each second into a pipe that it serves, and ends when nobody listens any more."""

    def __init__(self, config: uvicorn.Config, pipe: int | None) -> None:
        super().__init__(config)
        self._pipe = pipe

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.set_threshold(*COLLECTIONS)
        _put_aside()

    async def on_tick(self, counter: int) -> bool:
        if counter and counter % PUT_ASIDE_TICKS == 0:
            _put_aside()
        if self._pipe is not None and counter % TICKS == 0 and not say_alive(self._pipe):
            return True
        return await super().on_tick(counter)


def _put_aside() -> None:
    """Collect what is garbage now, and look at what is left never again: it lives as long as the process, or is freed
    when nobody names it any more. A look at all of it takes a quarter of a second."""
    gc.collect()
    gc.freeze()


def build_server(app: Any, settings: Settings, pipe: int | None = None) -> uvicorn.Server:
    """Build the server of `app`. `pipe`: into which it says that it serves."""
    limits = build_limits(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=partial(LimitedConnection, book=ConnectionBook(limits)),  # type: ignore[arg-type]
        # No access log: addresses of pages hold the ids and search words of people.
        access_log=False,
        forwarded_allow_ips=f"127.0.0.1,{settings.proxy_networks}" if settings.proxy_networks else None,
        log_level="warning",
        timeout_keep_alive=int(limits.idle_s),
        timeout_graceful_shutdown=3,
        backlog=BACKLOG,
        lifespan="on",
    )
    limit_repeats(("uvicorn.error", "asyncio"))
    return WatchedServer(config, pipe)


def build_limits(settings: Settings) -> ConnectionLimits:
    """Build the limits; no more connections than this process may open files, since an accept that fails is tried
    again without an end."""
    files = raise_file_limit()
    most = max(64, files - SPARE_FILES - BACKLOG)
    return ConnectionLimits(
        in_all=min(settings.web_connections, most), per_address=settings.web_connections_per_address
    )


def raise_file_limit() -> int:
    """Let this process open as many files as it may, and return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, 65_536)
    if soft != wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
