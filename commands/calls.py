"""`selvedge calls list|done|drop`: whom stylists are to call in place of a mail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands import _shared
from models.calls import CallDecision, CallState
from settings import load

if TYPE_CHECKING:
    from models.calls import Call

BY = click.option("--by", default="", help="Who called.")


@click.group()
def command() -> None:
    """Calls that stylists make in place of a mail: list them, say what came of one.

    An algorithm of the slot next_action asks for them; SELVEDGE_STYLIST_CALLS_A_DAY says how many a day. While a call
    is open, no mail of ours goes to its client. Works without Temporal.
    """


@command.command("list")
@click.option("--state", default="open", show_default=True, type=click.Choice([*map(str, CallState), "all"]))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@_shared.AS_JSON
def list_(state: str, limit: int, as_json: bool) -> None:
    """Calls, the longest open first; those that ended, the latest first."""
    from store.clients import calls  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        rows = calls.listing(connection, "" if state == "all" else state, limit)
    found = [calls.call_of(row) for row in rows]
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in found]))
        return
    if not found:
        click.echo("nobody is to be called" if state == "open" else "none")
    for each in found:
        click.echo(f"{each.call_id}  {each.client_id:<16}  by {each.until:%Y-%m-%d %H:%M}  {_said(each)}")


@command.command()
@click.argument("call_id")
@click.option("--no-answer", is_flag=True, help="The client was not reached.")
@BY
@_shared.AS_JSON
def done(call_id: str, no_answer: bool, by: str, as_json: bool) -> None:
    """The call was made; the client's mail goes on."""
    _decide(call_id, "no_answer" if no_answer else "reached", by, as_json)


@command.command()
@click.argument("call_id")
@BY
@_shared.AS_JSON
def drop(call_id: str, by: str, as_json: bool) -> None:
    """The call is not worth making; the client's mail goes on."""
    _decide(call_id, "drop", by, as_json)


def _decide(call_id: str, verdict: str, by: str, as_json: bool) -> None:
    from store.clients import calls  # noqa: PLC0415
    from store.database import write_transaction  # noqa: PLC0415

    decision = _shared.checked(CallDecision, {"verdict": verdict, "by": by})
    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with write_transaction(engine) as connection:
        call = calls.decide(connection, call_id, decision, now, datetime.now(UTC))
    _shared.show(call, as_json)


def _said(call: Call) -> str:
    if call.state is not CallState.OPEN:
        return f"{call.state}: {call.outcome.replace('_', ' ')}"
    return call.why or f"in place of the mail {call.reason.replace('_', ' ')}"
