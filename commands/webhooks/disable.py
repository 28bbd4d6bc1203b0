"""`selvedge webhooks disable`: send an endpoint no more messages."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from commands.webhooks.lines import format_endpoint
from models.webhooks import EndpointState
from settings import load


@click.command("disable")
@click.argument("name")
def command(name: str) -> None:
    """Send the endpoint NAME no more messages; what happens meanwhile is held for it."""
    from services.webhooks.endpoints import set_endpoint_state  # noqa: PLC0415

    engine = open_database(load())
    now, real_now = load_business_time(engine), datetime.now(UTC)
    click.echo(
        format_endpoint(set_endpoint_state(engine, get_command_actor(), name, EndpointState.DISABLED, now, real_now))
    )
