"""`selvedge dead-letters list`: list what could not be taken in."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from models.dead_letters import LetterSource
from settings import load

SOURCE = click.option("--source", type=click.Choice(list(LetterSource)), help="Only those of this source.")


@click.command("list")
@SOURCE
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(source: str | None, limit: int, as_json: bool) -> None:
    """List dead letters, the latest first, each with why."""
    from services.ingestion.dead_letters import list_letters  # noqa: PLC0415

    found = list_letters(open_database(load()), LetterSource(source) if source else None, limit)
    if as_json:
        click.echo(found.model_dump_json())
        return
    for letter in found.letters:
        kept = "" if letter.kept else "  (what it said is not kept)"
        click.echo(
            f"{letter.letter_id[:12]}  {letter.at:%Y-%m-%d %H:%M}  {letter.place or letter.source}  {letter.why}{kept}"
        )
    counts = ", ".join(f"{count:,} of {name}" for name, count in sorted(found.counts.items()))
    click.echo(counts or "There are none.")
