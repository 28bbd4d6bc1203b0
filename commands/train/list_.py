"""`selvedge train list`: list trained models."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("list")
@click.option("--slot", help="Of this slot alone: ranking, risk, fit.")
@AS_JSON
def command(slot: str | None, as_json: bool) -> None:
    """List trained models, the latest first; a star marks what serves."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.learning import artefacts  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        entries = artefacts.list_artefacts(connection, slot)
    if as_json:
        click.echo(json.dumps([entry.model_dump(mode="json") for entry in entries]))
        return
    for entry in entries:
        until = f"{entry.window_until:%Y-%m-%d}" if entry.window_until else "?"
        served = f"served from {entry.served_at:%Y-%m-%d %H:%M}" if entry.served_at else "never served"
        click.echo(f"{'*' if entry.live else ' '} {entry.id:<28} {entry.slot:<8} learnt until {until}, {served}")
