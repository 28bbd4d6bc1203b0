"""`selvedge algorithms purge`: delete old shadow records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from commands.shared.runtime import open_database
from settings import load


@click.command("purge")
def command() -> None:
    """Delete questions and answers of shadows that are past SELVEDGE_DECISION_DAYS. A worker does so every hour."""
    from services.decisions.shadow_records import purge as purge_records  # noqa: PLC0415

    settings = load()
    count = purge_records(open_database(settings), timedelta(days=settings.decision_days), datetime.now(UTC))
    click.echo(f"{count:,} dropped")
