"""`selvedge fixes cancel`: call a Fix off."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import REASON
from commands.shared.runtime import load_business_time, open_database, run_with_temporal
from errors import NotFound
from settings import load
from workflows import fix_handles


@click.command("cancel")
@click.argument("fix_id")
@REASON
def command(fix_id: str, reason: str) -> None:
    """Call a Fix off: its units are given back. One whose workflow is gone is ended in the store."""
    settings = load()
    try:
        run_with_temporal(settings, lambda client: fix_handles.cancel_fix(client, fix_id, reason))
    except NotFound:
        from services.fixes import settlement  # noqa: PLC0415

        engine = open_database(settings)
        now, real_now = load_business_time(engine), datetime.now(UTC)
        settlement.cancel_fix(engine, get_command_actor(), fix_id, now, real_now)
    click.echo(f"{fix_id}: called off; see selvedge fixes show {fix_id}")
