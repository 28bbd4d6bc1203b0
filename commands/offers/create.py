"""`selvedge offers create`: save an offer as a draft."""

from __future__ import annotations

from typing import Any

import click

from commands.offers.lines import change_offer
from commands.shared.options import AS_JSON
from ingest.faults import parse_model
from models.offers import OfferOrder


@click.command("create")
@click.argument("slug")
@click.option("--name", help="What people of the shop call it; the slug when not given.")
@click.option("--code", required=True, help="What clients type at the checkout, in any case.")
@click.option("--percent", type=int, help="Percent off.")
@click.option("--amount", help="Money off one order, in the shop's currency.")
@click.option(
    "--until", help="The last day on which it holds, in the shop's time zone; until it is retired if left out."
)
@click.option("--category", "categories", multiple=True, help="Only on this category (any of several).")
@click.option("--item", "items", multiple=True, help="Only on this item (any of several).")
@click.option("--uses", default="1", show_default=True, help="Orders of one client for which it holds; any: no limit.")
@click.option("--most-clients", type=int, help="Budget: at most so many clients get it by mail.")
@click.option("--most-money", help="Budget: no mail leaves once so much was taken off orders.")
@click.option("--for-lifecycle", is_flag=True, help="A policy may choose it for clients who drift.")
@AS_JSON
def command(slug: str, name: str | None, uses: str, as_json: bool, **terms: Any) -> None:
    """Save an offer as a draft, or change the draft of this slug. Campaigns begin with it once it is approved.

    \b
    selvedge offers create autumn --code AUTUMN20 --percent 20 --until 2026-12-06 --most-clients 500
    selvedge offers approve autumn
    """
    from services.offers.lifecycle import save_offer  # noqa: PLC0415

    given = {field: value for field, value in terms.items() if value is not None} | {"name": name or slug}
    order = parse_model(OfferOrder, given | {"uses": None if uses == "any" else uses})
    change_offer(
        lambda engine, actor, settings, now, real_now: save_offer(engine, actor, slug, order, settings, now, real_now),
        as_json,
    )
