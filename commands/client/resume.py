"""`selvedge client resume`: let a client's mail go on."""

from __future__ import annotations

import click

from commands.shared.options import OVERDUE
from commands.shared.runtime import run_with_temporal
from models.campaign import ResumeRequest
from models.states import Overdue
from settings import load
from workflows import handles, ids


@click.command("resume")
@click.argument("client_id")
@OVERDUE
def command(client_id: str, overdue: str) -> None:
    """Lift the hold on a client's mail."""
    order = ResumeRequest(overdue=Overdue(overdue))
    run_with_temporal(load(), lambda client: handles.resume(client, ids.client(client_id), order))
    click.echo(f"{client_id}: mail goes on; overdue mail: {overdue}")
