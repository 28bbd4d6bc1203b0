"""`selvedge webhooks remove`: remove an endpoint."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("remove")
@click.argument("name")
def command(name: str) -> None:
    """Remove the endpoint NAME with all its messages."""
    from services.webhooks.endpoints import remove_endpoint  # noqa: PLC0415

    engine = open_database(load())
    remove_endpoint(engine, get_command_actor(), name, load_business_time(engine), datetime.now(UTC))
    click.echo(f"{name} is removed")
