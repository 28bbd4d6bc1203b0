"""`selvedge returns read`: take in returned mails from files."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import FILE
from commands.shared.runtime import open_database
from settings import load


@click.command("read")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--to", "recipient", default="", help="The address to which they came; their headers say it otherwise.")
def command(files: tuple[Path, ...], recipient: str) -> None:
    """Take in returned mails from files, one mail in each."""
    from services.returns.reading import ReturnReader  # noqa: PLC0415

    settings = load()
    reader = ReturnReader(open_database(settings), settings, get_command_actor())
    for file in files:
        taken = reader.take(file.read_bytes(), "file", recipient)
        mail = f"{taken.client_id}/{taken.n}" if taken.client_id else "no mail of ours"
        click.echo(f"{file.name}: {taken.kind}, {taken.outcome} ({mail})")
