"""`selvedge segments delete`: delete a saved segment."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("delete")
@click.argument("slug")
def command(slug: str) -> None:
    """Delete a saved segment and its counts. Clients stay; campaigns that began with it keep their filter."""
    from services.segments.saved import delete_segment  # noqa: PLC0415

    engine = open_database(load())
    delete_segment(engine, get_command_actor(), slug, load_business_time(engine), datetime.now(UTC))
    click.echo(f"{slug} is deleted")
