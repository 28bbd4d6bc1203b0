"""`selvedge webhooks add`: tell another system what happens."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.webhooks import CHOOSABLE, WebhookOrder
from settings import load


@click.command("add")
@click.argument("name")
@click.argument("url")
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([str(kind) for kind in CHOOSABLE]),
    help="What it is told; repeatable; everything when not given.",
)
@AS_JSON
def command(name: str, url: str, types: tuple[str, ...], as_json: bool) -> None:
    """Add the endpoint NAME at URL and print its secret, this one time: it is stored sealed."""
    from services.webhooks.delivery import build_allowlist  # noqa: PLC0415
    from services.webhooks.endpoints import add_endpoint  # noqa: PLC0415

    order, settings = validate(WebhookOrder, {"name": name, "url": url, "types": types}), load()
    engine, allowlist, key = open_database(settings), build_allowlist(settings), settings.keys.signing
    now = load_business_time(engine)
    made = add_endpoint(engine, get_command_actor(), key, allowlist, order, now, datetime.now(UTC))
    click.echo(made.model_dump_json() if as_json else made.secret)
