"""`selvedge backup list`: list backups."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List the backups, the newest first, and until when the register is complete."""
    from services.backups.creation import list_backups, require_folder  # noqa: PLC0415
    from services.backups.register import load_seen  # noqa: PLC0415

    folder = require_folder(load())
    notes, seen = list_backups(folder), load_seen(folder)
    if as_json:
        click.echo(f"[{','.join(note.dump().decode() for note in notes)}]")
        return
    for note in notes:
        click.echo(f"{note.name}  {note.taken_at:%Y-%m-%d %H:%M} UTC  {note.database}  {note.size:,} bytes")
    if not notes:
        click.echo("There are no backups.")
    click.echo(f"The register is complete until {seen[0]:%Y-%m-%d %H:%M:%S} UTC." if seen else "There is no register.")
