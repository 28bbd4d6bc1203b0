"""`selvedge fixes list`: list Fixes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.fixes.text import format_moment
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from models.fixes import FixState
from settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in FixState]))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(states: Sequence[str], limit: int, as_json: bool) -> None:
    """List Fixes, the last changed first; `--state proposed` are those that wait for a stylist."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import fixes  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        rows = fixes.list_fixes(connection, [FixState(state) for state in states], limit)
    if not as_json:
        click.echo(f"{'fix':<20}  {'state':<10} {'last step':<20}  {'client':<16}  code")
    for row in rows:
        if as_json:
            fields = {"fix_id": row.fix_id, "client_id": row.client_id, "state": row.state, "code": row.code}
            click.echo(json.dumps(fields | {"updated_at": row.updated_at.isoformat()}))
        else:
            line = f"{row.fix_id:<20}  {row.state:<10} {format_moment(row.updated_at)}  {row.client_id:<16}  {row.code}"
            click.echo(line.rstrip())
