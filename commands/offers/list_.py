"""`selvedge offers list`: list the offers."""

from __future__ import annotations

import click

from commands.offers.lines import format_offer
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the offers, the newest first."""
    from services.offers.views import list_offers  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    known = list_offers(engine, settings, load_business_time(engine))
    if as_json:
        click.echo(known.model_dump_json())
        return
    for offer in known.offers:
        click.echo(format_offer(offer))
    for unknown in known.unknown_codes:
        orders = "1 order" if unknown.orders == 1 else f"{unknown.orders:,} orders"
        click.echo(f"{orders} named {strip_control_characters(unknown.code)}, which no offer has")
    if not known.offers:
        click.echo("there is no offer; selvedge offers create SLUG --code CODE --percent N saves one")
