"""`selvedge keys create`: make a key for a program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.team import ApiKeyOrder
from settings import load


@click.command("create")
@click.argument("name")
@click.option("--role", required=True, help="viewer, marketer, stylist, data_scientist, operator or owner.")
@click.option("--only", multiple=True, help="A permission to which it is limited, such as shop.read; repeatable.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(0, 3_650), help="0: it never expires.")
@AS_JSON
def command(name: str, role: str, only: tuple[str, ...], days: int, as_json: bool) -> None:
    """Make the key NAME and print it, this one time: of it only a hash is stored."""
    from services.team.api_keys import create_key  # noqa: PLC0415

    values: dict[str, Any] = {"name": name, "role": role, "only": only or None}
    order = validate(ApiKeyOrder, values).model_copy(update={"days": days or None})
    engine = open_database(load())
    made = create_key(engine, get_command_actor(), order, load_business_time(engine), datetime.now(UTC))
    click.echo(made.model_dump_json() if as_json else made.secret)
