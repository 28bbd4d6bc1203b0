"""`selvedge train profiles`: fold new events into client profiles."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from settings import load


@click.command("profiles")
@click.option("--anew", is_flag=True, help="Use all events, not only new ones: after items got other tags.")
@AS_JSON
def command(anew: bool, as_json: bool) -> None:
    """Fold what clients did since the last pass into their profiles. To be run nightly; reading one needs no pass."""
    from store.clients import preferences  # noqa: PLC0415

    engine = open_database(load())
    fold = preferences.rebuild_preferences if anew else preferences.fold_preferences
    with ProgressLine() as progress:
        progress.step("folding events into profiles", "clients")
        count, until = train_by_command(engine, "profiles", lambda now: (fold(engine, now, progress.more), now))
    click.echo(
        json.dumps({"clients": count, "until": until.isoformat()}) if as_json else f"{count:,} clients are up to date"
    )
