"""`selvedge attributes declare`: declare a custom attribute."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.attributes import AttributeOrder, AttributeType
from settings import load


@click.command("declare")
@click.argument("name")
@click.option("--type", "kind", required=True, type=click.Choice([str(kind) for kind in AttributeType]))
@click.option("--meaning", required=True, help="What it says of a client, in a few words for people.")
@click.option("--in-mail", is_flag=True, help="Mail may speak of it.")
@AS_JSON
def command(name: str, kind: str, meaning: str, in_mail: bool, as_json: bool) -> None:
    """Declare an attribute, or change what it means; its type stays."""
    from services.segments.attributes import declare_attribute  # noqa: PLC0415

    order = validate(AttributeOrder, {"type": kind, "meaning": meaning, "in_mail": in_mail})
    engine = open_database(load())
    now = load_business_time(engine)
    print_answer(declare_attribute(engine, get_command_actor(), name, order, now, datetime.now(UTC)), as_json)
