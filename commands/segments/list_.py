"""`selvedge segments list`: list the saved segments."""

from __future__ import annotations

import click

from commands.segments.lines import format_segment
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the saved segments with how many clients each held at the last daily count."""
    from services.segments.saved import list_segments  # noqa: PLC0415

    known = list_segments(open_database(load()))
    if as_json:
        click.echo(known.model_dump_json())
        return
    for segment in known.segments:
        click.echo(format_segment(segment))
    if not known.segments:
        click.echo("no segment is saved; selvedge segments save SLUG 'FILTER' saves one")
