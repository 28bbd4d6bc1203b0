"""`selvedge offers retire`: retire an offer."""

from __future__ import annotations

import click

from commands.offers.lines import change_offer
from commands.shared.options import AS_JSON


@click.command("retire")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Retire an offer: no mail with it leaves any more, not even one that is written."""
    from services.offers.lifecycle import retire_offer  # noqa: PLC0415

    change_offer(
        lambda engine, actor, settings, now, real_now: retire_offer(engine, actor, slug, settings, now, real_now),
        as_json,
    )
