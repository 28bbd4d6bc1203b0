"""`selvedge client status`: ask a client's workflow for its status."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.runtime import run_with_temporal
from settings import load
from workflows import handles


@click.command("status")
@click.argument("client_id")
@AS_JSON
def command(client_id: str, as_json: bool) -> None:
    """Ask the client's workflow for its status."""
    print_answer(run_with_temporal(load(), lambda client: handles.query_client_status(client, client_id)), as_json)
