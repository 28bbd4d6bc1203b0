"""`selvedge payload-keys list`: list the payload keys."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from keys import load_payload_keys
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the ids of the keys, the one that writes first."""
    path = load().payload_keys
    ids = [key.id for key in load_payload_keys(path)] if path and path.exists() else []
    if as_json:
        click.echo(json.dumps({"file": str(path) if path else None, "keys": ids}))
        return
    for place, key_id in enumerate(ids):
        click.echo(f"{key_id}  {'reads only' if place else 'writes'}")
    if not ids:
        click.echo("There is none: what Temporal keeps is not encrypted. selvedge payload-keys add makes one.")
