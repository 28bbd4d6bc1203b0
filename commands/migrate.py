"""`selvedge migrate`: bring the database schema up to date."""

from __future__ import annotations

import click

from settings import load


@click.command("migrate")
@click.option("--accept-keys", is_flag=True, help="From now on the keys in force count; what others signed is lost.")
def command(accept_keys: bool) -> None:
    """Bring the database schema up to date. Safe to repeat, and when several processes start at once."""
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415
    from store.migrate import find_head, upgrade  # noqa: PLC0415

    settings = load()
    engine = connect(settings.database)
    try:
        if accept_keys:
            from services.key_fingerprints import accept_keys as accept  # noqa: PLC0415

            upgrade(engine)
            accept(engine, settings)
        changed = bring_up_to_date(engine, settings)
    finally:
        engine.dispose()
    click.echo(f"The schema {'is now' if changed else 'was already'} at revision {find_head()}.")
