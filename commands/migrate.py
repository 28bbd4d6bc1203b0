"""`selvedge migrate`: bring the database schema up to date."""

from __future__ import annotations

import click

from settings import load


@click.command("migrate")
def command() -> None:
    """Bring the database schema up to date. Safe to repeat, and when several processes start at once."""
    from store.database import connect  # noqa: PLC0415
    from store.migrate import find_head, upgrade  # noqa: PLC0415

    engine = connect(load().database)
    try:
        changed = upgrade(engine)
    finally:
        engine.dispose()
    click.echo(f"The schema {'is now' if changed else 'was already'} at revision {find_head()}.")
