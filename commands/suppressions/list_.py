"""`selvedge suppressions list`: list the mailboxes that are not mailed."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from commands.suppressions.text import format_entry
from settings import load


@click.command("list")
@click.option("--reason", default="", help="Only those with this reason, such as complaint.")
@click.option("--after", default="", help="Continue after this hash.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(reason: str, after: str, limit: int, as_json: bool) -> None:
    """List the mailboxes that are not mailed, in the order of their hashes, and how many there are by reason."""
    from services.returns import suppressions  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from store.mail.suppressions import count_suppressions  # noqa: PLC0415

    engine = open_database(load())
    entries = suppressions.list_entries(engine, after, limit, reason)
    if as_json:
        click.echo(json.dumps([entry.model_dump(mode="json") for entry in entries]))
        return
    for entry in entries:
        click.echo(format_entry(entry))
    with read_transaction(engine) as connection:
        counts = count_suppressions(connection)
    click.echo(", ".join(f"{count:,} {word}" for word, count in counts.items()) or "nobody is suppressed")
