"""`selvedge webhooks show`: show one endpoint."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from commands.webhooks.lines import format_endpoint
from settings import load


@click.command("show")
@click.argument("name")
@AS_JSON
def command(name: str, as_json: bool) -> None:
    """Show the endpoint NAME and what it is told."""
    from services.webhooks.log import show_log  # noqa: PLC0415

    endpoint = show_log(open_database(load()), name, limit=1).endpoint
    if as_json:
        click.echo(endpoint.model_dump_json())
        return
    click.echo(format_endpoint(endpoint))
    click.echo(f"is told {', '.join(endpoint.types)}")
