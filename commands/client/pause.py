"""`selvedge client pause`: hold a client's mail."""

from __future__ import annotations

import click

from commands.client.steering import steer_client
from commands.shared.options import REASON
from commands.shared.parsing import validate
from models.campaign import PauseRequest


@click.command("pause")
@click.argument("client_id")
@REASON
def command(client_id: str, reason: str) -> None:
    """Hold a client's mail. Their phase is still assessed; nothing is lost."""
    order = validate(PauseRequest, {"reason": reason})
    steer_client(client_id, kind="pause", reason=order.reason)
    click.echo(f"{client_id}: mail is held until resumed")
