"""`selvedge team reset`: a new link for whoever lost the password or the second factor."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from commands.team.text import get_link_base, print_link
from settings import load


@click.command("reset")
@click.argument("name")
@AS_JSON
def command(name: str, as_json: bool) -> None:
    """Take away NAME's password and second factor, end their sign-ins, and print a new link."""
    from services.team.people import find_person, reset_person  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    account_id, now = find_person(engine, name).account_id, load_business_time(engine)
    base = get_link_base(settings)
    print_link(reset_person(engine, get_command_actor(), base, account_id, now, datetime.now(UTC)), as_json)
