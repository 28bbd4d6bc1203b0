"""What the verbs share: options, the database in force, the business now, a Temporal client for one command."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import BaseModel

from errors import BadInput
from ingest import faults
from models.states import Overdue
from settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object for programs.")
OVERDUE = click.option(
    "--overdue",
    type=click.Choice([str(choice) for choice in Overdue]),
    default=str(Overdue.REPLAN),
    show_default=True,
    help="What becomes of mail that fell due.",
)
REASON = click.option("--reason", default="", help="A few words for people; kept in the workflow's history.")

Result = TypeVar("Result")
Order = TypeVar("Order", bound=BaseModel)


def database(settings: Settings) -> Engine:
    """The engine in force, with its schema up to date."""
    from store.database import connect  # noqa: PLC0415
    from store.migrate import upgrade  # noqa: PLC0415

    engine = connect(settings.database)
    upgrade(engine)
    return engine


def business_now(engine: Engine) -> datetime:
    """Business time, by the stored clock."""
    from store import clock  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(engine) as connection:
        return clock.business(connection, datetime.now(UTC))


def span(text: str, field: str) -> timedelta:
    """A stretch of time such as 7d, 36h or 2w. Raises BadInput."""
    found = re.fullmatch(r"([1-9]\d{0,4})([hdw])", text.strip())
    if found is None:
        raise BadInput(f"{text!r} is no stretch of time such as 36h, 7d or 2w", field)
    return int(found[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[found[2]]


def with_temporal(settings: Settings, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """Run `work` with a client of the Temporal server in force."""
    from workflows import handles  # noqa: PLC0415

    async def run() -> Result:
        return await work(await handles.connect(settings.temporal_address, settings.temporal_namespace))

    return asyncio.run(run())


def checked(model: type[Order], values: dict[str, Any]) -> Order:
    """`values` as a `model`; None: not given. Raises BadInput naming the first wrong field."""
    return faults.checked(model, {name: value for name, value in values.items() if value is not None})


def show(answer: BaseModel, as_json: bool) -> None:
    """Print an answer: as JSON for programs, as aligned lines for people."""
    values = answer.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(values))
        return
    width = max(len(name) for name in values)
    for name, value in values.items():
        if value not in (None, [], {}, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{name.replace('_', ' '):<{width}}  {shown}")
