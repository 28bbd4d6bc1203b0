"""`selvedge flags stop`: stop a flag."""

from __future__ import annotations

import click

from commands.flags.lines import change_flag
from commands.shared.options import AS_JSON


@click.command("stop")
@click.argument("slug")
@AS_JSON
def command(slug: str, as_json: bool) -> None:
    """Stop a flag for good: pages are as without it within a second; its figures and who was in which arm stay."""
    from services.flags.lifecycle import stop_flag  # noqa: PLC0415

    change_flag(lambda engine, actor, _, now, real_now: stop_flag(engine, actor, slug, now, real_now), as_json)
