"""`selvedge client pause`: hold a client's mail."""

from __future__ import annotations

import click

from commands.shared.options import REASON
from commands.shared.parsing import validate
from commands.shared.runtime import run_with_temporal
from models.campaign import PauseRequest
from settings import load
from workflows import handles, ids


@click.command("pause")
@click.argument("client_id")
@REASON
def command(client_id: str, reason: str) -> None:
    """Hold a client's mail. Their phase goes on being assessed; nothing is lost."""
    order = validate(PauseRequest, {"reason": reason})
    run_with_temporal(load(), lambda client: handles.pause(client, ids.client(client_id), order))
    click.echo(f"{client_id}: mail is held until resumed")
