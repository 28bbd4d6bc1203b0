"""`selvedge campaign diff`: compare a file with a stored version."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from commands.shared.runtime import open_database
from settings import load


@click.command("diff", short_help="Compare a file with the newest version of a campaign.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--version", type=int, help="The version to compare with; the newest when not given.")
def command(file: Path, version: int | None) -> None:
    """Show what a file would change in a campaign, line by line."""
    from ingest.definitions import read_definition  # noqa: PLC0415
    from services.campaigns.version_reviews import dump_definition  # noqa: PLC0415
    from store.campaigns.versions import load_version  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    new = read_definition(file)
    with read_transaction(open_database(load())) as connection:
        old = load_version(connection, new.slug, version)
    before, after = (dump_definition(one).splitlines() for one in (old.definition, new))
    lines = list(difflib.unified_diff(before, after, f"version {old.version}", file.name, lineterm=""))
    click.echo("\n".join(lines) if lines else f"{file.name} says what version {old.version} of {new.slug} says")
