"""`selvedge campaign retry`: try again those whose mail did not leave."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.campaign_people import RetryOrder
from settings import load


@click.command("retry", short_help="Try those again whose mail failed, expired or was decided on by nobody.")
@click.argument("slug")
@click.option("--client", "clients", multiple=True, help="Only this client (several may be given).")
@click.option("--code", default="", help="Only those with this reason.")
@AS_JSON
def command(slug: str, clients: tuple[str, ...], code: str, as_json: bool) -> None:
    """Try those clients of a campaign again whose mail failed, expired or was decided on by nobody.

    Each mail is written anew and passes every check again. Who declined, and what may have arrived, is not tried again;
    the answer says why.
    """
    from services.campaigns.people import retry_people  # noqa: PLC0415

    engine = open_database(load())
    order = validate(RetryOrder, {"client_ids": clients, "code": code})
    result = retry_people(engine, get_command_actor(), slug, order, load_business_time(engine), datetime.now(UTC))
    if as_json:
        click.echo(result.model_dump_json())
        return
    click.echo(f"{slug}: {result.retried:,} are tried again")
    for client_id, why in result.refused.items():
        click.echo(f"{client_id:<20} not tried again: {why}")
