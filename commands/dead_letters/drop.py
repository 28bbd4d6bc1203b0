"""`selvedge dead-letters drop`: drop dead letters."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("drop")
@click.argument("letter_ids", nargs=-1, required=True)
def command(letter_ids: tuple[str, ...]) -> None:
    """Drop dead letters, by ids or how those begin, and what they say."""
    from services.ingestion.dead_letters import drop_letter, find_id  # noqa: PLC0415

    engine, actor = open_database(load()), get_command_actor()
    now, real_now = load_business_time(engine), datetime.now(UTC)
    for one in letter_ids:
        drop_letter(engine, actor, find_id(engine, one), now, real_now)
    click.echo(f"{len(letter_ids):,} dropped")
