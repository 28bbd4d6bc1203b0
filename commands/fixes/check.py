"""`selvedge fixes check`: compare reserved units with the units that Fixes hold."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("check")
@AS_JSON
def command(as_json: bool) -> int:
    """Check that as many units are reserved of every sku as Fixes hold; exit status 1 when not."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import lists, reservations  # noqa: PLC0415

    with read_transaction(open_database(load())) as connection:
        faults = reservations.find_faults(connection)
        counts = lists.count_by_state(connection)
    if as_json:
        click.echo(json.dumps({"faults": faults, "fixes": counts}))
    else:
        click.echo(", ".join(f"{count} {state}" for state, count in counts.items()) or "no Fixes")
        click.echo(f"reserved and held differ: {', '.join(faults)}" if faults else "as many units reserved as held")
    return 1 if faults else 0
