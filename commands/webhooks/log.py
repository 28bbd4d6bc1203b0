"""`selvedge webhooks log`: what was sent to an endpoint."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from commands.webhooks.lines import format_message
from models.webhooks import MessageState
from settings import load


@click.command("log")
@click.argument("name")
@click.option("--state", type=click.Choice([str(state) for state in MessageState]), help="Only messages in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000), help="Messages at most.")
@AS_JSON
def command(name: str, state: str | None, limit: int, as_json: bool) -> None:
    """Show the latest messages to the endpoint NAME, each with its last try; --json shows every try."""
    from services.webhooks.log import show_log  # noqa: PLC0415

    shown = show_log(open_database(load()), name, MessageState(state) if state else None, limit)
    if as_json:
        click.echo(shown.model_dump_json())
        return
    for message in shown.messages:
        click.echo(format_message(message))
    if not shown.messages:
        click.echo("no messages")
