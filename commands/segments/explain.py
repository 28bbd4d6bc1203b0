"""`selvedge segments explain`: show how the database finds the clients of a filter."""

from __future__ import annotations

import click

from commands.segments.asking import ask, describe
from commands.shared.options import AS_JSON


@click.command("explain")
@click.argument("filter_or_slug")
@AS_JSON
def command(filter_or_slug: str, as_json: bool) -> None:
    """Say a filter or saved segment back, as text and as a sentence, and show the database's plan for counting it."""
    from services.segments.questions import explain_segment  # noqa: PLC0415

    asked = ask(filter_or_slug)
    plan = explain_segment(asked.engine, asked.question, asked.now)
    if as_json:
        click.echo(plan.model_dump_json())
        return
    click.echo("\n".join([describe(plan), f"{plan.database} would count it like this:", *plan.plan]))
