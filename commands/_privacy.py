"""`selvedge client export` and `selvedge client erase`: what is held of a client, and that nothing is."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from commands import _shared
from commands._progress import Progress
from errors import BadInput
from models.erasures import ErasureState, ErasureStatus
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine

LOOK_S: Final = 1.0


@click.command()
@click.argument("client_id")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; standard output if none.")
def export(client_id: str, out: Path | None) -> None:
    """All that is held of a client, as one JSON document (docs/privacy.md): theirs to have when they ask for it.

    The file is readable by you alone. Needs no Temporal.

    \b
    selvedge client export c-10017 --out c-10017.json
    """
    from ingest import results  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    if out is None:
        _write(engine, settings, client_id, sys.stdout.buffer)
        return
    with results.whole(out) as unfinished, unfinished.open("wb") as file:
        unfinished.chmod(0o600)
        written = _write(engine, settings, client_id, file)
    click.echo(f"{written:,} bytes in {out}", err=True)


def _write(engine: Engine, settings: Settings, client_id: str, file: BinaryIO) -> int:
    from store.database import read_transaction  # noqa: PLC0415
    from store.privacy import export as documents  # noqa: PLC0415

    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        pieces = documents.export(connection, settings.keys.signing, client_id, now)
        return sum(file.write(piece) for piece in pieces)


@click.command()
@click.argument("client_id")
@click.option("--yes", is_flag=True, help="You mean it: nothing brings them back.")
@click.option("--wait", is_flag=True, help="Until nothing is left of them.")
@click.option("--status", "look", is_flag=True, help="Ask for nothing; say how far an erasure is.")
@_shared.AS_JSON
def erase(client_id: str, yes: bool, wait: bool, look: bool, as_json: bool) -> None:
    """Erase a client: their mail and Fixes are called off, all that is kept of them goes, their id is refused for ever.

    It is asked for in the database and done by a worker; asking twice is asking once. A suppressed address stays so.
    docs/privacy.md says what stays, and what we cannot reach.

    \b
    selvedge client erase c-10017 --yes --wait
    selvedge client erase c-10017 --status --json
    """
    if not (yes or look):
        raise BadInput(f"{client_id} would be erased for ever; give --yes if that is meant", "yes")
    settings = load()
    engine = _shared.database(settings)
    told = _status(engine, settings, client_id) if look else _ask(engine, settings, client_id)
    if wait:
        told = _waited(engine, settings, told)
    click.echo(json.dumps(told.model_dump(mode="json")) if as_json else _said(told))


def _ask(engine: Engine, settings: Settings, client_id: str) -> ErasureStatus:
    from store.database import write_transaction  # noqa: PLC0415
    from store.privacy import erasure  # noqa: PLC0415

    now = _shared.business_now(engine)
    with write_transaction(engine) as connection:
        return erasure.ask(connection, settings.keys.signing, client_id, now, datetime.now(UTC))


def _status(engine: Engine, settings: Settings, client_id: str) -> ErasureStatus:
    from store.database import read_transaction  # noqa: PLC0415
    from store.privacy import erasure  # noqa: PLC0415

    with read_transaction(engine) as connection:
        return erasure.status(connection, settings.keys.signing, client_id)


def _waited(engine: Engine, settings: Settings, told: ErasureStatus) -> ErasureStatus:
    with Progress() as progress:
        progress.step(_said(told))
        while told.state is not ErasureState.ERASED:
            time.sleep(LOOK_S)
            before, told = told, _status(engine, settings, told.client_id)
            if told.state is not before.state:
                progress.step(_said(told))
    return told


def _said(told: ErasureStatus) -> str:
    return f"{told.client_id}: {_SAYS[told.state]}"


_SAYS: Final = {
    ErasureState.WAITING: "asked for; mail and Fixes are called off as soon as a worker runs",
    ErasureState.ERASING: "refused from now on; what is kept is going",
    ErasureState.ERASED: "nothing is left",
}
