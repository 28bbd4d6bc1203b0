"""`selvedge attributes list`: list the custom attributes."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from commands.shared.runtime import open_database
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the declared attributes, and how many clients have a value of each."""
    from services.segments.attributes import list_attributes  # noqa: PLC0415

    known = list_attributes(open_database(load()))
    if as_json:
        click.echo(known.model_dump_json())
        return
    for one in known.attributes:
        mail = "mail may speak of it" if one.in_mail else "not in mail"
        meaning = strip_control_characters(one.meaning)
        click.echo(f"attr.{one.name:<24}  {one.type:<8}  {one.clients:>9,} clients  {mail:<21}  {meaning}")
    if not known.attributes:
        click.echo("no attribute is declared")
