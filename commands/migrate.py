"""`selvedge migrate`: bring the database schema up to date."""

from __future__ import annotations

import click

from settings import load


@click.command("migrate")
def command() -> None:
    """Bring the database schema up to date. Safe to repeat, and when several processes start at once."""
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415
    from store.migrate import find_head  # noqa: PLC0415

    settings = load()
    engine = connect(settings.database)
    try:
        changed = bring_up_to_date(engine, settings)
    finally:
        engine.dispose()
    click.echo(f"The schema {'is now' if changed else 'was already'} at revision {find_head()}.")
