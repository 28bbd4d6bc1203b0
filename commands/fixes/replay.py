"""`selvedge fixes replay`: make a box again."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("replay")
@click.argument("fix_id")
@AS_JSON
def command(fix_id: str, as_json: bool) -> int:
    """Make the box again from the question as it was asked, with the algorithm and version that answered it.

    Exit status 1 when the boxes differ. Needs no Temporal.
    """
    from services.fixes.replay import replay_box  # noqa: PLC0415

    settings = load()
    replayed = replay_box(settings, open_database(settings), fix_id)
    if as_json:
        click.echo(json.dumps(replayed._asdict()))
    else:
        same = "the same box" if replayed.same else "another box"
        since = f", as assembled, before {replayed.swaps} swap{'s' * (replayed.swaps > 1)}" if replayed.swaps else ""
        click.echo(f"{fix_id}: {same} by {replayed.algorithm} {replayed.version}{since}: {', '.join(replayed.again)}")
        if not replayed.same:
            click.echo(f"it was: {', '.join(replayed.box)}")
    return 0 if replayed.same else 1
