"""`selvedge fixes offers`: search the whole catalogue for what may go into a proposed box."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("offers")
@click.argument("fix_id")
@click.option("--search", default="", help="Words that an item must have, such as: wool trousers.")
@click.option("--for", "out", default="", metavar="SKU", help="The item of the box whose place is to be filled.")
@AS_JSON
def command(fix_id: str, search: str, out: str, as_json: bool) -> None:
    """Search the whole catalogue for what may go into a proposed box, what the place needs first.

    Without words, everything of the role of --for is searched. Reads the store, and works without Temporal.
    """
    from services.fixes.fit import FitPredictor  # noqa: PLC0415
    from services.fixes.swap_search import SwapSearch  # noqa: PLC0415
    from services.recommendations.recommender import Recommender  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    recommender, fits = Recommender(engine, settings), FitPredictor(engine, Path(settings.home)).build_for_client
    now = load_business_time(engine)
    offers = SwapSearch(engine, settings, recommender.list_items, fits).search(fix_id, search, out or None, now)
    for offer in offers:
        if as_json:
            click.echo(json.dumps(offer.model_dump(mode="json")))
        else:
            click.echo(
                f"{offer.sku:<24} {offer.role:<10} {offer.colour:<10} {offer.price_cents / 100:>9.2f}  "
                f"p(keep) {offer.score:.2f}  for {' or '.join(offer.instead_of)}"
            )
    if not offers and not as_json:
        click.echo("nothing of this may go into the box")
