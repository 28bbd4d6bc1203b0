"""`selvedge train engagement`: count the engagement of all clients anew from their events."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from settings import load


@click.command("engagement")
@AS_JSON
def command(as_json: bool) -> None:
    """Count what all clients did anew from the events: after an upgrade that says so, or after a change of the
    half-life. Otherwise nothing needs it; each event counts when it comes."""
    from domain.engagement import EngagementRules  # noqa: PLC0415
    from store.clients import statistics  # noqa: PLC0415

    engine = open_database(load())
    with ProgressLine() as progress:
        progress.step("counting events", "clients")
        count, until = train_by_command(
            engine,
            "engagement",
            lambda now: (statistics.recount_statistics(engine, EngagementRules(), progress.more), now),
        )
    click.echo(
        json.dumps({"clients": count, "until": until.isoformat()}) if as_json else f"{count:,} clients were counted"
    )
