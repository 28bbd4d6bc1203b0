"""`selvedge client resume`: let a client's mail go on."""

from __future__ import annotations

import click

from commands.client.steering import steer_client
from commands.shared.options import OVERDUE
from models.states import Overdue


@click.command("resume")
@click.argument("client_id")
@OVERDUE
def command(client_id: str, overdue: str) -> None:
    """Lift the hold on a client's mail."""
    steer_client(client_id, kind="resume", overdue=Overdue(overdue))
    click.echo(f"{client_id}: mail goes on; overdue mail: {overdue}")
