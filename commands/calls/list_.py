"""`selvedge calls list`: list calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from models.calls import CallState
from settings import load

if TYPE_CHECKING:
    from models.calls import Call


@click.command("list")
@click.option("--state", default="open", show_default=True, type=click.Choice([*map(str, CallState), "all"]))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(state: str, limit: int, as_json: bool) -> None:
    """List calls, the longest open first; of those that ended, the latest first."""
    from services.calls import lists  # noqa: PLC0415

    entries = lists.list_calls(open_database(load()), "" if state == "all" else state, limit)
    if as_json:
        click.echo(json.dumps([call.model_dump(mode="json") for call in entries]))
        return
    if not entries:
        click.echo("nobody is to be called" if state == "open" else "none")
    for call in entries:
        click.echo(f"{call.call_id}  {call.client_id:<16}  by {call.until:%Y-%m-%d %H:%M}  {_describe(call)}")


def _describe(call: Call) -> str:
    if call.state is not CallState.OPEN:
        return f"{call.state}: {call.outcome.replace('_', ' ')}"
    return call.why or f"in place of the mail {call.reason.replace('_', ' ')}"
