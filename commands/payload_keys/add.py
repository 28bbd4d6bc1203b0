"""`selvedge payload-keys add`: make a payload key."""

from __future__ import annotations

import click

from keys import PAYLOAD_KEYS, load_payload_keys, make_payload_key, save_payload_keys
from settings import load


@click.command("add")
def command() -> None:
    """Make a key. The first one writes from the next start of each process; each later one only reads until `use`."""
    settings = load()
    path = settings.payload_keys_file or settings.home / PAYLOAD_KEYS
    keys, new = load_payload_keys(path) if path.exists() else [], make_payload_key()
    save_payload_keys(path, [*keys, new])
    what = "only reads until you use it" if keys else "writes from the next start on"
    click.echo(f"{new.id} {what}; it is in {path}.")
    click.echo("Keep a copy away from this machine: without it nothing that Temporal keeps can be read.")
