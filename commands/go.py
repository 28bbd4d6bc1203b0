"""`selvedge go`: start the clients who were imported, once all that is known of them is in."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load

if TYPE_CHECKING:
    from services.clients.opening import OpeningSummary


@click.command("go")
@click.option("--look", is_flag=True, help="Only show the summary; start nothing.")
@AS_JSON
def command(look: bool, as_json: bool) -> None:
    """Start the clients who were imported. Until then nothing is sent to them, so that nobody is mailed on half of
    what the shop knows. Shows first who could be mailed, and what stands in the way of the others.

    \b
    selvedge import clients clients.csv
    selvedge import events orders.csv
    selvedge go --look
    selvedge go
    """
    from services.clients.opening import open_shop, summarise_opening  # noqa: PLC0415
    from services.goods.size_tables import load_size_table  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    try:
        with read_transaction(engine) as connection:
            summary = summarise_opening(connection, load_size_table(settings.size_table))
        started = 0 if look else open_shop(engine, get_command_actor(), load_business_time(engine), datetime.now(UTC))
    finally:
        engine.dispose()
    if as_json:
        click.echo(json.dumps({**asdict(summary), "nudges": started}))
        return
    click.echo("\n".join(_render_summary(summary)))
    if summary.waiting and settings.holdout_share:
        click.echo(
            f"{settings.holdout_share:.0%} of the clients get no mail when they drift, so that its effect can be "
            "measured from day one (SELVEDGE_HOLDOUT_SHARE; 0: nobody)."
        )
    if look:
        click.echo("Nothing was started.")
    else:
        click.echo(f"{started:,} workflows start or look again, at SELVEDGE_STARTS_PER_SECOND." if started else "")


def _render_summary(summary: OpeningSummary) -> list[str]:
    if not summary.waiting:
        return ["Nobody waits for the go."]
    lines = [f"{summary.waiting:,} clients wait; {summary.may_be_mailed:,} may be mailed."]
    obstacles = (
        (summary.without_consent, "have not agreed to mail"),
        (summary.without_orders, "have no orders: are they imported?"),
        (summary.without_sizes, "have no sizes"),
        (summary.without_stock_in_size, "have nothing in stock in their sizes"),
        (summary.sharing_an_address, "share an address with another"),
    )
    lines += [f"  {count:,} {text}" for count, text in obstacles if count]
    if summary.shared_mailboxes:
        lines.append(f"  In the shop {summary.shared_mailboxes.describe()}.")
    if summary.stock_is_empty:
        lines.append("  Nothing is in stock, so nothing can be recommended: import the stock.")
    return lines
