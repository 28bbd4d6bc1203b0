"""`selvedge segments count`: count the clients of a filter."""

from __future__ import annotations

import click

from commands.segments.asking import ask, describe
from commands.shared.options import AS_JSON


@click.command("count")
@click.argument("filter_or_slug")
@AS_JSON
def command(filter_or_slug: str, as_json: bool) -> None:
    """Count the clients of a filter or saved segment as they are now.

    \b
    selvedge segments count 'phase = at_risk and not opened in 30 days'
    """
    from services.segments.questions import count_segment  # noqa: PLC0415

    asked = ask(filter_or_slug)
    size = count_segment(asked.engine, asked.question, asked.now)
    if as_json:
        click.echo(size.model_dump_json())
        return
    share = f" ({size.clients / size.everyone:.1%})" if size.everyone else ""
    click.echo(f"{size.clients:,} of {size.everyone:,} clients{share}\n{describe(size)}")
