"""`selvedge calls done`: record that a call was made."""

from __future__ import annotations

import click

from commands.calls.decision import BY, decide_call
from commands.shared.options import AS_JSON


@click.command("done")
@click.argument("call_id")
@click.option("--no-answer", is_flag=True, help="The client was not reached.")
@BY
@AS_JSON
def command(call_id: str, no_answer: bool, by: str, as_json: bool) -> None:
    """Record that the call was made; the client gets mail again."""
    decide_call(call_id, "no_answer" if no_answer else "reached", by, as_json)
