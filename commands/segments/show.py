"""`selvedge segments show`: show a saved segment and its counts over time."""

from __future__ import annotations

import click

from commands.segments.asking import describe
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("show")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Show a saved segment: its filter as text and as a sentence, its owner, and how many clients it held each day."""
    from services.segments.saved import show_segment  # noqa: PLC0415

    segment = show_segment(open_database(load()), slug)
    if as_json:
        click.echo(segment.model_dump_json())
        return
    click.echo(f"{segment.name}, saved by {segment.owner} on {segment.updated_at:%Y-%m-%d}\n{describe(segment)}")
    for count in segment.counts:
        click.echo(f"{count.day}  {count.clients:,}")
