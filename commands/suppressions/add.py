"""`selvedge suppressions add`: suppress a mailbox."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.suppressions import SuppressionOrder
from settings import load


@click.command("add")
@click.argument("email")
@click.option("--reason", default="person", show_default=True, help="One word, such as legal.")
@click.option("--note", default="", help="A few words for people.")
def command(email: str, reason: str, note: str) -> None:
    """Suppress a mailbox: no client id's mail goes there."""
    from services.returns import suppressions  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    order = validate(SuppressionOrder, {"email": email, "reason": reason, "note": note})
    settings = load()
    engine = open_database(settings)
    now, policy = load_business_time(engine), ShopPolicy.from_settings(settings)
    added = suppressions.add_entries(engine, get_command_actor(), policy, [order], now, datetime.now(UTC))
    click.echo("suppressed" if added else "was suppressed already")
