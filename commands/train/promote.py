"""`selvedge train promote`: let an earlier trained model serve."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("promote")
@click.argument("artefact_id", metavar="ID")
@AS_JSON
def command(artefact_id: str, as_json: bool) -> None:
    """Let a model that was trained earlier serve its slot, as to go back; workers take it up within seconds."""
    from store.database import write_transaction  # noqa: PLC0415
    from store.learning import artefacts  # noqa: PLC0415

    engine = open_database(load())
    now = load_business_time(engine)
    with write_transaction(engine) as connection:
        before = artefacts.load_artefact(connection, artefact_id)
        replaced = artefacts.find_live(connection, before.slot)
        artefact = artefacts.promote_artefact(connection, artefact_id, now)
    if as_json:
        click.echo(json.dumps(artefact.model_dump(mode="json")))
    else:
        replacing = f" in the place of {replaced.id}" if replaced and replaced.id != artefact.id else ""
        click.echo(f"{artefact.id} serves {artefact.slot}{replacing}")
