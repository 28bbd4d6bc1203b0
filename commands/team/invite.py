"""`selvedge team invite`: add an account and print the link that sets its password."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from commands.team.text import get_link_base, print_link
from models.team import AccountInvitation
from settings import load


@click.command("invite")
@click.argument("name")
@click.option("--role", required=True, help="viewer, marketer, stylist, data_scientist, operator or owner.")
@AS_JSON
def command(name: str, role: str, as_json: bool) -> None:
    """Add an account for NAME, and print the link with which they set a password, once."""
    from services.team.people import invite_person  # noqa: PLC0415

    order, settings = validate(AccountInvitation, {"name": name, "role": role}), load()
    engine = open_database(settings)
    now, base = load_business_time(engine), get_link_base(settings)
    print_link(invite_person(engine, get_command_actor(), base, order, now, datetime.now(UTC)), as_json)
