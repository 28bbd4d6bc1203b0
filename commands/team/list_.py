"""`selvedge team list`: list who has an account."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List everybody with role and state."""
    from services.team.people import list_people  # noqa: PLC0415

    people = list_people(open_database(load()))
    if as_json:
        click.echo(people.model_dump_json())
        return
    for one in people.accounts:
        last = f"signed in {one.signed_in_at:%Y-%m-%d %H:%M}" if one.signed_in_at else "never signed in"
        factor = ", second factor" if one.second_factor else ""
        click.echo(f"{one.name:<24}  {one.role:<14}  {one.state:<8}  {last}{factor}")
    if not people.accounts:
        click.echo("nobody has an account; `selvedge web` prints a link that makes the owner")
