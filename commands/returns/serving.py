"""Take in returned mail until stopped."""

from __future__ import annotations

import asyncio
import signal

import click

from errors import ConfigError
from settings import Settings, load


def serve() -> None:
    """Serve the ways that the settings name. Raises ConfigError when they name none."""
    asyncio.run(_serve(load()))


async def _serve(settings: Settings) -> None:
    from hosting.returns import host_returns  # noqa: PLC0415
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415

    if not settings.returns_port and not settings.returns_mailbox:
        raise ConfigError("SELVEDGE_RETURNS_PORT: set it, or SELVEDGE_RETURNS_MAILBOX; nothing could come in otherwise")
    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with host_returns(engine, settings, required=True) as served:
        click.echo(f"Taking in returned mail from {' and '.join(served)}", err=True)
        await stop.wait()
