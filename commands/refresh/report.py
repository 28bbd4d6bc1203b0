"""`selvedge refresh report`: print what a refresh came to."""

from __future__ import annotations

import click

from commands.refresh.text import print_report
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from errors import NotFound
from settings import load


@click.command("report")
@click.argument("name", default="last")
@AS_JSON
def command(name: str, as_json: bool) -> None:
    """Print what a refresh came to: NAME, or the one that began last."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.learning import refreshes  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        if name == "last":
            reports = refreshes.list_latest(connection)
        else:
            row = refreshes.find_refresh(connection, name)
            reports = [] if row is None else [refreshes.parse_report(row)]
    if not reports:
        raise NotFound("nothing has been refreshed yet" if name == "last" else f"no refresh {name!r}", "name")
    print_report(reports[0], as_json)
