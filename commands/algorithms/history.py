"""`selvedge algorithms history`: list the changes of who answers a slot."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.shared.options import AS_JSON
from settings import load


@click.command("history")
@AS_JSON
def command(as_json: bool) -> None:
    """List who changed what, and when, in real time (UTC), not the shop's business time; the latest last."""
    from algorithms.slots import policy_changes  # noqa: PLC0415

    changes = policy_changes.load_history(_find_policy_file(), datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([change.model_dump(mode="json") for change in changes]))
        return
    if changes:
        click.echo("real time (UTC)      who               what")
    for change in changes:
        click.echo(f"{change.at:%Y-%m-%d %H:%M:%S}  {change.who:<16}  {change.what}")
    if not changes:
        click.echo("nothing was ever changed; the built-in answers every slot")


def _find_policy_file() -> Path:
    from algorithms.slots.policy_file import NAME  # noqa: PLC0415

    return Path(load().home).absolute() / NAME
