"""Close a call with its result."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.calls import CallDecision
from settings import load

BY = click.option("--by", default="", help="Who called.")


def decide_call(call_id: str, verdict: str, by: str, as_json: bool) -> None:
    """Close a call with `verdict` and print it."""
    from services.calls import decisions  # noqa: PLC0415

    decision = validate(CallDecision, {"verdict": verdict, "by": by})
    engine = open_database(load())
    now = load_business_time(engine)
    call = decisions.decide_call(engine, get_command_actor(), call_id, decision, now, datetime.now(UTC))
    print_answer(call, as_json)
