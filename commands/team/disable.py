"""`selvedge team disable`: disable an account."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("disable")
@click.argument("name")
def command(name: str) -> None:
    """End NAME's sign-ins and let them in no more; `selvedge team reset` makes a link that does again."""
    from services.team.people import disable_person, find_person  # noqa: PLC0415

    engine = open_database(load())
    account_id, now = find_person(engine, name).account_id, load_business_time(engine)
    account = disable_person(engine, get_command_actor(), account_id, now, datetime.now(UTC))
    click.echo(f"{account.name} is disabled")
