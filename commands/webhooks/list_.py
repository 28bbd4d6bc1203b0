"""`selvedge webhooks list`: list the endpoints."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from commands.webhooks.lines import format_endpoint
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List every endpoint with its state and how many messages wait, were delivered, given up or held."""
    from services.webhooks.endpoints import list_endpoints  # noqa: PLC0415

    known = list_endpoints(open_database(load()))
    if as_json:
        click.echo(known.model_dump_json())
        return
    for endpoint in known.endpoints:
        click.echo(format_endpoint(endpoint))
    if not known.endpoints:
        click.echo("no endpoint yet; selvedge webhooks add NAME URL adds one")
