"""`selvedge backup verify`: check a backup."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared.ending import clean_up_at_signals
from settings import load


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--identity", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The secret key's file.")
@clean_up_at_signals()
def command(file: Path, identity: Path | None) -> None:
    """Check that FILE is what was written; with the secret key, everything in it. Exits 1 when it is damaged."""
    from services.backups.archive import read_identity  # noqa: PLC0415
    from services.backups.creation import verify_backup  # noqa: PLC0415

    note = verify_backup(file, load(), read_identity(identity) if identity else None)
    looked = "everything in it was read" if identity else "its digest is right; --identity looks into it"
    click.echo(f"{note.name}: {looked}.")
