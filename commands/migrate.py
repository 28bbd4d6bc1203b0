"""`selvedge migrate`: bring the database schema up to date."""

from __future__ import annotations

import click

from settings import load
from store.database import connect
from store.migrate import head, upgrade


@click.command("migrate")
def command() -> None:
    """Bring the database schema up to date. Safe to repeat, and when several processes start at once."""
    engine = connect(load().database)
    try:
        changed = upgrade(engine)
    finally:
        engine.dispose()
    click.echo(f"The schema {'is now' if changed else 'was already'} at revision {head()}.")
