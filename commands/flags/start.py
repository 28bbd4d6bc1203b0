"""`selvedge flags start`: start a flag."""

from __future__ import annotations

import click

from commands.flags.lines import change_flag
from commands.shared.options import AS_JSON


@click.command("start")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Start a flag: pages follow within a second. An algorithm that an arm names is checked first."""
    from services.flags.lifecycle import start_flag  # noqa: PLC0415

    change_flag(
        lambda engine, actor, settings, now, real_now: start_flag(engine, actor, settings, slug, now, real_now),
        as_json,
    )
