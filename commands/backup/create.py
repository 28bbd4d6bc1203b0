"""`selvedge backup create`: make a backup."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.ending import clean_up_at_signals
from commands.shared.runtime import open_database
from settings import load


@click.command("create")
@clean_up_at_signals()
def command() -> None:
    """Make a backup while the shop runs, and delete those older than SELVEDGE_BACKUP_DAYS. Run it from a timer."""
    from services.backups.creation import create_backup  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    try:
        note = create_backup(engine, settings, datetime.now(UTC))
    finally:
        engine.dispose()
    click.echo(f"{note.name}: {note.size:,} bytes, revision {note.revision}.")
    for name in note.elsewhere:
        click.echo(f"{name} is not in it: keep that secret yourself.", err=True)
