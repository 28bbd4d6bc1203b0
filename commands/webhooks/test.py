"""`selvedge webhooks test`: send an endpoint a test and show the answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from commands.webhooks.lines import format_message
from settings import load


@click.command("test")
@click.argument("name")
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """Send the endpoint NAME a test at once and show what it answered; status 1 when it was not taken."""
    from models.webhooks import MessageState, WebhookTest  # noqa: PLC0415
    from services.webhooks.log import send_test  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    now, real_now = load_business_time(engine), datetime.now(UTC)
    message = asyncio.run(send_test(engine, get_command_actor(), settings, name, WebhookTest(), now, real_now))
    click.echo(format_message(message))
    context.exit(0 if message.state is MessageState.DELIVERED else 1)
