"""`selvedge train promote`: let an earlier trained model serve."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("promote")
@click.argument("artefact_id", metavar="ID")
@AS_JSON
def command(artefact_id: str, as_json: bool) -> None:
    """Let a model that was trained earlier serve its slot, as to go back; workers take it up within seconds."""
    from services.training.promotion import promote_model  # noqa: PLC0415

    engine = open_database(load())
    now, real_now = load_business_time(engine), datetime.now(UTC)
    artefact, replaced = promote_model(engine, get_command_actor(), artefact_id, now, real_now)
    if as_json:
        click.echo(json.dumps(artefact.model_dump(mode="json")))
    else:
        replacing = f" in the place of {replaced.id}" if replaced and replaced.id != artefact.id else ""
        click.echo(f"{artefact.id} serves {artefact.slot}{replacing}")
