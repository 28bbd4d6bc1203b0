"""`selvedge offers approve`: approve an offer."""

from __future__ import annotations

import click

from commands.offers.lines import change_offer
from commands.shared.options import AS_JSON


@click.command("approve")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Make a draft live: campaigns may begin with it from then on, and its terms stay."""
    from services.offers.lifecycle import approve_offer  # noqa: PLC0415

    change_offer(
        lambda engine, actor, settings, now, real_now: approve_offer(engine, actor, slug, settings, now, real_now),
        as_json,
    )
