"""`selvedge client profile`: print a client's profile."""

from __future__ import annotations

import click

from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("profile")
@click.argument("client_id")
def command(client_id: str) -> None:
    """Print the client's preferences, sizes, wishes and what they did, as JSON (docs/formats.md)."""
    from store.clients import profiles  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    engine = open_database(load())
    now = load_business_time(engine)
    with read_transaction(engine) as connection:
        click.echo(profiles.load_profile(connection, client_id, now).model_dump_json(indent=2))
