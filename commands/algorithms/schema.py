"""`selvedge algorithms schema`: print the JSON Schema of a slot."""

from __future__ import annotations

import json
from pathlib import Path

import click

from errors import BadInput


@click.command("schema")
@click.argument("slot", required=False)
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write all into this folder.")
def command(slot: str | None, folder: Path | None) -> None:
    """Print what a slot asks and what it takes for an answer, as JSON Schema."""
    from algorithms.slots.slot_table import SLOTS, require_slot  # noqa: PLC0415

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in SLOTS.values():
            (folder / f"{entry.name}.json").write_text(json.dumps(entry.build_schema(), indent=2) + "\n")
        return
    if slot is None:
        raise BadInput(f"give one of {', '.join(SLOTS)}", "slot")
    click.echo(json.dumps(require_slot(slot).build_schema(), indent=2))
