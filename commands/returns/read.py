"""`selvedge returns read`: take in returned mails from files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import FILE
from commands.shared.runtime import open_database
from models.returns import TakenReturn
from settings import load

TOGETHER: Final = 200
"""Files that are taken in at once."""


@click.command("read")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--to", "recipient", default="", help="The address to which they came; their headers say it otherwise.")
def command(files: tuple[Path, ...], recipient: str) -> None:
    """Take in returned mails from files, one mail in each."""
    from services.returns.reading import ReturnedMail, ReturnReader  # noqa: PLC0415

    settings = load()
    reader = ReturnReader(open_database(settings), settings, get_command_actor())
    failed = 0
    for start in range(0, len(files), TOGETHER):
        together = files[start : start + TOGETHER]
        taken = reader.take_all([ReturnedMail(file.read_bytes(), recipient) for file in together], "file")
        for file, one in zip(together, taken, strict=True):
            click.echo(f"{file.name}: {_describe(one)}")
            failed += one is None
    if failed:
        raise SystemExit(1)


def _describe(taken: TakenReturn | None) -> str:
    if taken is None:
        return "could not be taken in"
    mail = f"{taken.client_id}/{taken.n}" if taken.client_id else "no mail of ours"
    return f"{taken.kind}, {taken.outcome} ({mail})"
