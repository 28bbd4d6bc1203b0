"""`selvedge fixes cancel`: call a Fix off."""

from __future__ import annotations

import click

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
        from services.fixes.settlement import call_off  # noqa: PLC0415

        engine = open_database(settings)
        call_off(engine, fix_id, load_business_time(engine))
    click.echo(f"{fix_id}: called off; see selvedge fixes show {fix_id}")
