"""`selvedge suppressions remove`: mail a mailbox again."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from commands.suppressions.text import format_entry
from models.suppressions import SuppressionRemoval
from settings import load


@click.command("remove")
@click.argument("email")
@click.option("--why", default="", help="Required after a complaint; kept with the entry.")
def command(email: str, why: str) -> None:
    """Lift the suppression of a mailbox, by its address or its hash. A withdrawn consent stays withdrawn."""
    from services.returns import suppressions  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    removal = validate(SuppressionRemoval, {"email": email, "why": why})
    settings = load()
    engine = open_database(settings)
    now, policy = load_business_time(engine), ShopPolicy.from_settings(settings)
    entry = suppressions.remove_entry(engine, get_command_actor(), policy, removal, now, datetime.now(UTC))
    click.echo(format_entry(entry))
