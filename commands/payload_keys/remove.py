"""`selvedge payload-keys remove`: remove a payload key for good."""

from __future__ import annotations

import click

from commands.payload_keys.lookup import find_key
from commands.shared.runtime import open_database
from errors import BadInput
from keys import load_payload_keys, save_payload_keys
from settings import load


@click.command("remove")
@click.argument("key_id", metavar="ID")
def command(key_id: str) -> None:
    """Remove the key ID, also one whose file is lost. Workflows that began before another key wrote stand still for
    ever. Whether there are any says

    temporal workflow list --query "ExecutionStatus='Running' AND StartTime < '2026-08-01T00:00:00Z'"
    """
    from services.key_fingerprints import forget_payload_key  # noqa: PLC0415

    settings = load()
    path = settings.payload_keys
    keys = load_payload_keys(path) if path and path.exists() else []
    left = [key for key in keys if key.id != key_id]
    if keys and keys[0].id == key_id:
        raise BadInput(f"{key_id} is the key that writes: use another one first", "id")
    if path and len(left) < len(keys):
        save_payload_keys(path, left)
    if not forget_payload_key(open_database(settings), key_id) and len(left) == len(keys):
        find_key(settings, key_id)  # says which there are
    click.echo(f"{key_id} is removed.")
