"""`selvedge catalogue pictures`: say which pictures of items were fetched, and why others could not be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load

if TYPE_CHECKING:
    from models.goods import PictureReport


@click.command("pictures")
@click.option("--retry", is_flag=True, help="Fetch those that were given up again.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="Broken ones to list.")
@AS_JSON
def command(retry: bool, limit: int, as_json: bool) -> None:
    """Say which pictures were fetched, which wait, and why others could not be had. Workers fetch them."""
    from services.goods.pictures import report_pictures, retry_pictures  # noqa: PLC0415

    engine = open_database(load())
    try:
        again = 0
        if retry:
            again = retry_pictures(engine, get_command_actor(), load_business_time(engine), datetime.now(UTC))
        report = report_pictures(engine, limit)
    finally:
        engine.dispose()
    if as_json:
        click.echo(report.model_dump_json())
        return
    if retry:
        click.echo(f"{again:,} are fetched again.")
    click.echo("\n".join(_render_report(report)))


def _render_report(report: PictureReport) -> list[str]:
    lines = [
        f"{report.fetched:,} pictures fetched, {report.waiting:,} waiting, {report.broken:,} given up; "
        f"{report.without_address:,} items state none (image_url)."
    ]
    for fault in report.faults:
        outcome = "given up" if fault.given_up else "tried again"
        lines.append(f"  {fault.item_id}: {fault.why} ({outcome}): {fault.image_url}")
    return lines
