"""`selvedge mcp`: serve a person's agent on standard input and output."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import read_account
from commands.shared.runtime import open_database
from errors import ConfigError
from models.actors import Actor, Channel, Role
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine

ROLES = tuple(str(role) for role in Role if role is not Role.CLIENT)


@click.command("mcp")
@click.option(
    "--role", type=click.Choice(ROLES), default=str(Role.VIEWER), show_default=True, help="Without SELVEDGE_MCP_KEY."
)
def command(role: str) -> None:
    """Serve the Model Context Protocol on standard input and output, for an agent that starts this command.

    It acts for the key SELVEDGE_MCP_KEY or, without one, for whoever runs it with the role given. The web process
    serves the same tools over HTTP under /mcp.
    """
    from web.context import BusinessClock, WebContext  # noqa: PLC0415
    from web.mcp.door import build_agent_server  # noqa: PLC0415
    from web.mcp.server import AgentDesk  # noqa: PLC0415
    from web.temporal import TemporalConnection  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    settings = load()
    engine = open_database(settings)
    find_actor(engine, settings, Role(role))  # a key that is none is said at once
    clock = BusinessClock(engine)
    context = WebContext(settings, engine, clock, TemporalConnection(settings))
    desk = AgentDesk(context, lambda _: find_actor(engine, settings, Role(role)), settings.mcp_confirm)
    with clock.follow():
        build_agent_server(desk).run("stdio")


def find_actor(engine: Engine, settings: Settings, role: Role) -> Actor:
    """Find for whom a call acts; a key is looked at anew each time. Raises ConfigError for one that is not in force."""
    from services.team.api_keys import recognise_key  # noqa: PLC0415

    if settings.mcp_key is None or not settings.mcp_key.get_secret_value():
        return Actor(who=read_account(), role=role, channel=Channel.MCP)
    recognised = recognise_key(engine, settings.mcp_key.get_secret_value(), datetime.now(UTC))
    if recognised is None:
        raise ConfigError("SELVEDGE_MCP_KEY: is no key that is in force; `selvedge keys create` makes one")
    return recognised[0].model_copy(update={"channel": Channel.MCP})
