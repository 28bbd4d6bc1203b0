"""What the verbs share: the database in force, the business now, a Temporal client for the length of a command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import BaseModel, ValidationError

from errors import BadInput
from settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

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
    from store.database import reading  # noqa: PLC0415

    real = datetime.now(UTC)
    with reading(engine) as connection:
        return clock.load(connection, real).business(real)


def with_temporal(settings: Settings, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """Run `work` with a client of the Temporal server in force."""
    from workflows import handles  # noqa: PLC0415

    async def run() -> Result:
        return await work(await handles.connect(settings.temporal_address, settings.temporal_namespace))

    return asyncio.run(run())


def checked(model: type[Order], values: dict[str, Any]) -> Order:
    """`values` as a `model`. Raises BadInput naming the first wrong field."""
    try:
        return model.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        raise BadInput(first["msg"], ".".join(str(part) for part in first["loc"])) from None


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
