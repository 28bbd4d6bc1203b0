"""`selvedge client erase`: erase a client."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from models.erasures import ErasureState, ErasureStatus
from settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine


POLL_S: Final = 1.0


@click.command("erase")
@click.argument("client_id")
@click.option("--yes", is_flag=True, help="You mean it: nothing brings them back.")
@click.option("--wait", is_flag=True, help="Until nothing is left of them.")
@click.option("--status", "look", is_flag=True, help="Ask for nothing; say how far an erasure is.")
@AS_JSON
def command(client_id: str, yes: bool, wait: bool, look: bool, as_json: bool) -> None:
    """Erase a client: their mail and Fixes are called off, all data of them is deleted, their id is refused for ever.

    It is asked for in the database and done by a worker; asking twice is asking once. A suppressed address stays so.
    docs/privacy.md says what stays, and what we cannot reach.

    \b
    selvedge client erase c-10017 --yes --wait
    selvedge client erase c-10017 --status --json
    """
    if not (yes or look):
        raise BadInput(f"{client_id} would be erased for ever; give --yes if that is meant", "yes")
    settings = load()
    engine = open_database(settings)
    status = _load_status(engine, settings, client_id) if look else _request_erasure(engine, settings, client_id)
    if wait:
        status = _wait_until_erased(engine, settings, status)
    click.echo(json.dumps(status.model_dump(mode="json")) if as_json else _describe(status))


def _request_erasure(engine: Engine, settings: Settings, client_id: str) -> ErasureStatus:
    from services.privacy import requests  # noqa: PLC0415

    now, real_now = load_business_time(engine), datetime.now(UTC)
    return requests.request_erasure(engine, get_command_actor(), settings.keys.signing, client_id, now, real_now)


def _load_status(engine: Engine, settings: Settings, client_id: str) -> ErasureStatus:
    from services.privacy import requests  # noqa: PLC0415

    return requests.load_erasure(engine, settings.keys.signing, client_id)


def _wait_until_erased(engine: Engine, settings: Settings, status: ErasureStatus) -> ErasureStatus:
    with ProgressLine() as progress:
        progress.step(_describe(status))
        while status.state is not ErasureState.ERASED:
            time.sleep(POLL_S)
            before, status = status, _load_status(engine, settings, status.client_id)
            if status.state is not before.state:
                progress.step(_describe(status))
    return status


def _describe(status: ErasureStatus) -> str:
    return f"{status.client_id}: {_DESCRIPTIONS[status.state]}"


_DESCRIPTIONS: Final = {
    ErasureState.WAITING: "asked for; mail and Fixes are called off as soon as a worker runs",
    ErasureState.ERASING: "refused from now on; their data is being deleted",
    ErasureState.ERASED: "nothing is left",
}
