"""`selvedge flags show`: show a flag."""

from __future__ import annotations

import click

from commands.flags.lines import print_flag
from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from settings import load


@click.command("show")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Show a flag: its arms, what each changes, how it stands."""
    from services.flags.views import show_flag  # noqa: PLC0415

    print_flag(show_flag(open_database(load()), slug), as_json)
