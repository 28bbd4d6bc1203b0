"""`selvedge train profiles`: fold new events into client profiles."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("profiles")
@click.option("--anew", is_flag=True, help="Use all events, not only new ones: after items got other tags.")
@AS_JSON
def command(anew: bool, as_json: bool) -> None:
    """Fold what clients did since the last pass into their profiles. To be run nightly; reading one needs no pass."""
    from store.clients import preferences  # noqa: PLC0415

    engine = open_database(load())
    now = load_business_time(engine)
    with ProgressLine() as progress:
        progress.step("folding events into profiles", "clients")
        count = (preferences.rebuild_preferences if anew else preferences.fold_preferences)(engine, now, progress.more)
    click.echo(
        json.dumps({"clients": count, "until": now.isoformat()}) if as_json else f"{count:,} clients are up to date"
    )
