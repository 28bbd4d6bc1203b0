"""`selvedge offers show`: show an offer."""

from __future__ import annotations

import click

from commands.offers.lines import print_offer
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("show")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Show an offer: its terms, how it stands, who approved it."""
    from services.offers.views import show_offer  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    print_offer(show_offer(engine, slug, settings, load_business_time(engine)), as_json)
