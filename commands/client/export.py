"""`selvedge client export`: export all data of a client."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from ingest import results
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine


@click.command("export")
@click.argument("client_id")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; standard output if none.")
def command(client_id: str, out: Path | None) -> None:
    """Write all data of a client as one JSON document (docs/privacy.md): theirs to have when they ask for it.

    The file is readable by you alone. Needs no Temporal.

    \b
    selvedge client export c-10017 --out c-10017.json
    """

    settings = load()
    engine = open_database(settings)
    if out is None:
        _write_export(engine, settings, client_id, sys.stdout.buffer)
        return
    with results.open_whole(out) as unfinished, unfinished.open("wb") as file:
        unfinished.chmod(0o600)
        written = _write_export(engine, settings, client_id, file)
    click.echo(f"{written:,} bytes in {out}", err=True)


def _write_export(engine: Engine, settings: Settings, client_id: str, file: BinaryIO) -> int:
    from services.privacy import requests  # noqa: PLC0415

    now, real_now = load_business_time(engine), datetime.now(UTC)
    actor = get_command_actor()
    pieces = requests.export_client(engine, actor, settings.keys.signing, client_id, now, real_now)
    return sum(file.write(piece) for piece in pieces)
