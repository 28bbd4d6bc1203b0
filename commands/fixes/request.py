"""`selvedge fixes request`: request a Fix for a client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database, run_with_temporal
from models.fix_views import FixRequestBody
from settings import load
from workflows import fix_handles


@click.command("request")
@click.argument("client_id")
@click.option("--slots", type=int, help="How many items (default 5).")
@click.option("--budget", help="For the whole box, such as 250 or 249.50.")
@click.option("--item-cap", help="The highest price of one item.")
@click.option("--must-have", multiple=True, help="A category of which one is wanted; may be given several times.")
@click.option("--no-category", "exclude_categories", multiple=True, help="A category not wanted.")
@click.option("--no-colour", "exclude_colours", multiple=True, help="A colour not wanted.")
@click.option("--size", "sizes", multiple=True, help="A size to choose from; the client's own when not given.")
@click.option("--note", help="What the client wrote; read into fields, and shown to the stylist.")
@click.option("--when", type=click.Choice(["now", "wave"]), help="Alone and now (default), or with the next wave.")
@click.option("--due", help="With the wave: alone when none has come by then (ISO 8601 with offset, business time).")
@click.option("--key", "request_key", help="A name of your own for this request; sent again, it is the same request.")
@AS_JSON
def command(client_id: str, as_json: bool, **options: Any) -> None:
    """Ask for a Fix for a client. It is saved, then the client's workflow starts it.

    \b
    selvedge fixes request client00012 --budget 250 --must-have Shoes \\
        --note "A week in Lisbon in May. No black, please."
    """
    from services.fixes.requests import request_fix  # noqa: PLC0415

    wishes = validate(FixRequestBody, {name: value for name, value in options.items() if value not in ((), None)})
    settings = load()
    engine = open_database(settings)
    now, real_now = load_business_time(engine), datetime.now(UTC)
    fix_id = request_fix(engine, get_command_actor(), settings, client_id, wishes, now, real_now)
    print_answer(
        run_with_temporal(settings, lambda client: fix_handles.request_fix(client, client_id, fix_id)), as_json
    )
