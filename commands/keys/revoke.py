"""`selvedge keys revoke`: revoke a key."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("revoke")
@click.argument("name")
def command(name: str) -> None:
    """Revoke the key NAME, or of this id: programs that use it are refused within seconds."""
    from services.team.api_keys import revoke_key  # noqa: PLC0415

    engine = open_database(load())
    key = revoke_key(engine, get_command_actor(), name, load_business_time(engine), datetime.now(UTC))
    click.echo(f"{key.name} is revoked")
