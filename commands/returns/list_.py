"""`selvedge returns list`: list what came back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load

WEEK: Final = timedelta(days=7)


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were read.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(everything: bool, limit: int, as_json: bool) -> None:
    """List the returns that a person is to read, the latest first."""
    from store import clock  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from store.mail import returns  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        rows = returns.list_returns(connection, kept=not everything, limit=limit)
        waiting = returns.count_kept(connection)
        real_now = datetime.now(UTC)
        refused = returns.count_refused(connection, clock.load_business_time(connection, real_now) - WEEK)
    if as_json:
        click.echo(json.dumps([row.model_dump(mode="json", exclude={"raw"}) for row in rows]))
        return
    for row in rows:
        mail = f"{row.client_id}/{row.n}" if row.client_id else "no mail of ours"
        click.echo(f"{row.id[:12]}  {row.at:%Y-%m-%d %H:%M}  {row.way:<8}  {row.kind:<10} {row.code:<8} {mail}")
    click.echo(f"{waiting:,} wait for a person" if waiting else "none waits for a person")
    if refused:
        click.echo(f"{refused:,} of the last 7 days were refused by policy (5.7.x): see `selvedge mail check`")
