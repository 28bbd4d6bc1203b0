"""`selvedge train list` and `train promote`: what training made, and which of it serves."""

from __future__ import annotations

import json

import click

from commands import _shared
from settings import load


@click.command("list")
@click.option("--slot", help="Of this slot alone: ranking, risk, fit.")
@_shared.AS_JSON
def list_(slot: str | None, as_json: bool) -> None:
    """List what training made, the latest first; a star marks what serves."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.learning import artefacts  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        found = artefacts.listing(connection, slot)
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in found]))
        return
    for each in found:
        until = f"{each.window_until:%Y-%m-%d}" if each.window_until else "?"
        served = f"served from {each.served_at:%Y-%m-%d %H:%M}" if each.served_at else "never served"
        click.echo(f"{'*' if each.live else ' '} {each.id:<28} {each.slot:<8} learnt until {until}, {served}")


@click.command()
@click.argument("artefact_id", metavar="ID")
@_shared.AS_JSON
def promote(artefact_id: str, as_json: bool) -> None:
    """Let what training made earlier serve its slot, as to go back; workers take it up within seconds."""
    from store.database import write_transaction  # noqa: PLC0415
    from store.learning import artefacts  # noqa: PLC0415

    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with write_transaction(engine) as connection:
        before = artefacts.get(connection, artefact_id)
        replaced = artefacts.live(connection, before.slot)
        made = artefacts.promote(connection, artefact_id, now)
    if as_json:
        click.echo(json.dumps(made.model_dump(mode="json")))
    else:
        instead = f" in the place of {replaced.id}" if replaced and replaced.id != made.id else ""
        click.echo(f"{made.id} serves {made.slot}{instead}")
