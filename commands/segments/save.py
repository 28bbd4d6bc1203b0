"""`selvedge segments save`: save a filter under a slug."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.segments.asking import describe
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.segment_answers import SegmentOrder
from settings import load


@click.command("save")
@click.argument("slug")
@click.argument("filter_text", metavar="FILTER")
@click.option("--name", default="", help="What people call it; the slug when not given.")
@AS_JSON
def command(slug: str, filter_text: str, name: str, as_json: bool) -> None:
    """Save a filter as a segment, or change the one of this slug. Campaigns keep the filter that they began with.

    \b
    selvedge segments save quiet-vips 'tag = vip and not ordered in 90 days' --name "Quiet VIPs"
    """
    from services.segments.saved import save_segment  # noqa: PLC0415

    order = validate(SegmentOrder, {"name": name, "filter": filter_text})
    engine = open_database(load())
    now = load_business_time(engine)
    saved = save_segment(engine, get_command_actor(), slug, order, now, datetime.now(UTC))
    if as_json:
        click.echo(saved.model_dump_json())
        return
    click.echo(f"{saved.slug}: {saved.clients or 0:,} clients\n{describe(saved)}")
