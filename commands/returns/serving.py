"""Take in returned mail until stopped, by one process or several."""

from __future__ import annotations

import asyncio
import signal
import socket

import click

from errors import ConfigError
from settings import Settings, load

BEAT_S = 1.0
"""Seconds between two signs of life to who watches the processes."""


def serve(workers: int | None = None) -> int:
    """Serve the ways that the settings name, and return the exit status. `workers`: processes; None: as the settings
    say. Raises ConfigError when they name no way."""
    settings = load() if workers is None else load(returns_workers=workers)
    if not settings.returns_port and not settings.returns_mailbox:
        raise ConfigError("SELVEDGE_RETURNS_PORT: set it, or SELVEDGE_RETURNS_MAILBOX; nothing could come in otherwise")
    _prepare(settings)
    if settings.returns_workers > 1 and settings.returns_port:
        return _serve_by_several(settings)
    asyncio.run(_serve(settings))
    return 0


def _prepare(settings: Settings) -> None:
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415

    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    engine.dispose()


def _serve_by_several(settings: Settings) -> int:
    """Serve by several processes, forks of this one. The first one alone looks into the mailbox."""
    import hosting.returns  # noqa: F401, PLC0415 - here once, for all forks
    from hosting.forked_processes import ForkedProcesses  # noqa: PLC0415
    from mail.returns.listener import ReturnListener  # noqa: PLC0415

    with ReturnListener.open_socket(settings.returns_host, settings.returns_port) as port:

        def serve_as(number: int, pipe: int) -> None:
            asyncio.run(_serve(settings, port, pipe, number))

        return ForkedProcesses(settings.returns_workers, serve_as, kind="returns").run()


async def _serve(
    settings: Settings, port: socket.socket | None = None, pipe: int | None = None, number: int = 0
) -> None:
    """Serve in this process. `port`: the one shared by several; `pipe`: into which this one says that it serves."""
    from hosting.forked_processes import say_alive  # noqa: PLC0415
    from hosting.returns import host_returns  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    engine = connect(settings.database)
    async with host_returns(engine, settings, required=True, shared=port, polls=number == 0) as served:
        if number == 0:
            by = f" by {settings.returns_workers} processes" if port else ""
            click.echo(f"Taking in returned mail from {' and '.join(served)}{by}", err=True)
        while not stop.is_set() and (pipe is None or say_alive(pipe)):
            await _wait(stop)


async def _wait(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), BEAT_S)
    except TimeoutError:
        return
