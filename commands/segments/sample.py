"""`selvedge segments sample`: show some clients of a filter."""

from __future__ import annotations

import click

from commands.segments.asking import ask, describe
from commands.segments.lines import format_member
from commands.shared.options import AS_JSON
from models.segment_answers import MOST_SHOWN


@click.command("sample")
@click.argument("filter_or_slug")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, MOST_SHOWN), help="How many.")
@AS_JSON
def command(filter_or_slug: str, limit: int, as_json: bool) -> None:
    """Show some clients of a filter or saved segment, drawn at random: ids and figures, no names, no addresses."""
    from services.segments.questions import sample_segment  # noqa: PLC0415

    asked = ask(filter_or_slug, limit)
    sample = sample_segment(asked.engine, asked.question, asked.now)
    if as_json:
        click.echo(sample.model_dump_json())
        return
    click.echo(describe(sample))
    for member in sample.members:
        click.echo(format_member(member))
    if not sample.members:
        click.echo("no client is in it now")
