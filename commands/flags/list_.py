"""`selvedge flags list`: list the flags."""

from __future__ import annotations

import click

from commands.flags.lines import format_flag
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the flags: running ones first, then the newest."""
    from services.flags.views import list_flags  # noqa: PLC0415

    known = list_flags(open_database(load()))
    if as_json:
        click.echo(known.model_dump_json())
        return
    for flag in known.flags:
        click.echo(format_flag(flag))
    if not known.flags:
        click.echo("there is no flag; selvedge flags create SLUG FILE saves one")
