"""`selvedge team role`: give somebody another role."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.team import RoleChange
from settings import load


@click.command("role")
@click.argument("name")
@click.argument("role")
def command(name: str, role: str) -> None:
    """Give NAME the role ROLE, from their next click on."""
    from services.team.people import find_person, set_role  # noqa: PLC0415

    change, engine = validate(RoleChange, {"role": role}), open_database(load())
    account_id, now = find_person(engine, name).account_id, load_business_time(engine)
    account = set_role(engine, get_command_actor(), account_id, change.role, now, datetime.now(UTC))
    click.echo(f"{account.name} is {account.role}")
