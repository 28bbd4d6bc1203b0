"""`selvedge payload-keys use`: choose the payload key that writes."""

from __future__ import annotations

import click

from commands.payload_keys.lookup import find_key
from keys import load_payload_keys, save_payload_keys
from settings import load


@click.command("use")
@click.argument("key_id", metavar="ID")
def command(key_id: str) -> None:
    """Let the key ID write from the next start of each process. The others go on reading."""
    path, key = find_key(load(), key_id)
    save_payload_keys(path, [key, *(other for other in load_payload_keys(path) if other.id != key_id)])
    click.echo(f"{key_id} writes from the next start on.")
