"""`selvedge dead-letters show`: print what a dead letter says."""

from __future__ import annotations

import click

from commands.shared.runtime import open_database
from settings import load


@click.command("show")
@click.argument("letter_id")
def command(letter_id: str) -> None:
    """Print what a dead letter says, by its id or how that begins."""
    from services.ingestion.dead_letters import find_id, show_letter  # noqa: PLC0415

    engine = open_database(load())
    letter = show_letter(engine, find_id(engine, letter_id))
    click.echo(f"{letter.place or letter.source}: {letter.why}; tried {letter.tries} times", err=True)
    click.echo(letter.body if letter.body is not None else "what it said is not kept")
