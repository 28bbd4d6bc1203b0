"""`selvedge campaign resume`: let a campaign go on."""

from __future__ import annotations

import click

from commands.shared.options import OVERDUE
from commands.shared.runtime import run_with_temporal
from models.campaign import ResumeRequest
from models.states import Overdue
from settings import load
from workflows import handles, ids


@click.command("resume")
@click.argument("slug")
@OVERDUE
def command(slug: str, overdue: str) -> None:
    """Let a campaign go on; parked mail drains at its throughput."""
    order = ResumeRequest(overdue=Overdue(overdue))
    run_with_temporal(load(), lambda client: handles.resume(client, ids.campaign(slug), order))
    click.echo(f"{slug}: running; overdue mail: {overdue}")
