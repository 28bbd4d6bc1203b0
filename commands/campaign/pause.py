"""`selvedge campaign pause`: hold a campaign's mail."""

from __future__ import annotations

import click

from commands.shared.options import REASON
from commands.shared.parsing import validate
from commands.shared.runtime import run_with_temporal
from models.campaign import PauseRequest
from settings import load
from workflows import handles, ids


@click.command("pause", short_help="Hold all mail of a campaign.")
@click.argument("slug")
@REASON
def command(slug: str, reason: str) -> None:
    """Hold all mail of a campaign, right up to the moment before it leaves."""
    order = validate(PauseRequest, {"reason": reason})
    run_with_temporal(load(), lambda client: handles.pause(client, ids.campaign(slug), order))
    click.echo(f"{slug}: paused; mail on its way is parked and keeps its place")
