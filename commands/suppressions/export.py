"""`selvedge suppressions export`: write the list to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from commands.shared.runtime import open_database
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

PAGE = 1_000


@click.command("export")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file; standard output otherwise.")
def command(out: Path | None) -> None:
    """Write the list as CSV, which `selvedge suppressions import` reads where the signing key is the same."""
    from ingest.results import check_path, open_whole  # noqa: PLC0415

    engine = open_database(load())
    if out is None:
        write_list(engine, sys.stdout)
        return
    check_path(out, endings=(".csv", ".txt"))
    with open_whole(out) as path, path.open("w", newline="") as stream:
        write_list(engine, stream)


def write_list(engine: Engine, stream: TextIO) -> None:
    """Write all entries in force."""
    from services.csv_lines import format_line  # noqa: PLC0415
    from services.returns import suppressions  # noqa: PLC0415

    after = ""
    stream.write(format_line(["address_hash", "reason", "at", "by", "note", "clients"]))
    while page := suppressions.list_entries(engine, after, PAGE):
        after = page[-1].address_hash
        for entry in page:
            known = [entry.address_hash, entry.reason, entry.at.isoformat(), entry.by, entry.note]
            stream.write(format_line([*known, " ".join(entry.clients)]))
