"""`selvedge webhooks rotate`: give an endpoint a new secret."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from models.webhooks import WebhookRotation
from settings import load


@click.command("rotate")
@click.argument("name")
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0, 168), help="The old one signs too.")
@AS_JSON
def command(name: str, hours: float, as_json: bool) -> None:
    """Give the endpoint NAME a new secret and print it, this one time; for some hours the one before signs too."""
    from services.webhooks.endpoints import rotate_secret  # noqa: PLC0415

    settings = load()
    rotation = WebhookRotation(hours=hours)
    engine, key = open_database(settings), settings.keys.signing
    now = load_business_time(engine)
    made = rotate_secret(engine, get_command_actor(), key, name, rotation, now, datetime.now(UTC))
    click.echo(made.model_dump_json() if as_json else made.secret)
