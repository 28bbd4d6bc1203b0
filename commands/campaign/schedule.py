"""`selvedge campaign schedule`: have an approved campaign start by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.campaign.versions import print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_moment
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("schedule", short_help="Have an approved campaign start by itself at a moment.")
@click.argument("slug")
@click.option("--at", required=True, help="When (ISO 8601 with offset, business time).")
@AS_JSON
def command(slug: str, at: str, as_json: bool) -> None:
    """Have an approved campaign start by itself. Another moment replaces the one before."""
    from services.campaigns.definitions import schedule_version  # noqa: PLC0415

    start_at, engine = parse_moment(at, "at", begins=True), open_database(load())
    now = load_business_time(engine)
    print_version(schedule_version(engine, get_command_actor(), slug, start_at, now, datetime.now(UTC)), as_json)
