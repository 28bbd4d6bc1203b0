"""`selvedge calls drop`: record that a call is not worth making."""

from __future__ import annotations

import click

from commands.calls.decision import BY, decide_call
from commands.shared.options import AS_JSON


@click.command("drop")
@click.argument("call_id")
@BY
@AS_JSON
def command(call_id: str, by: str, as_json: bool) -> None:
    """Record that the call is not worth making; the client gets mail again."""
    decide_call(call_id, "drop", by, as_json)
