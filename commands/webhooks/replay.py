"""`selvedge webhooks replay`: send messages again."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.webhooks import WebhookReplay
from settings import load


@click.command("replay")
@click.argument("name")
@click.option("--message", "message_id", help="One message, by its id.")
@click.option("--since", help="All since this moment that were given up or held: 2026-03-01T09:30:00+01:00.")
@click.option("--everything", is_flag=True, help="With --since: the delivered ones too.")
def command(name: str, message_id: str | None, since: str | None, everything: bool) -> None:
    """Send messages to the endpoint NAME again, under their old ids. The worker sends them."""
    from services.webhooks.log import replay  # noqa: PLC0415

    order = validate(WebhookReplay, {"message_id": message_id, "since": since, "everything": everything})
    engine = open_database(load())
    done = replay(engine, get_command_actor(), name, order, load_business_time(engine), datetime.now(UTC))
    click.echo(f"{done.messages} {'message is' if done.messages == 1 else 'messages are'} sent again")
