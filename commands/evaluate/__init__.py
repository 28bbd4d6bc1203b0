"""`selvedge evaluate`: one verb a file."""

from __future__ import annotations

import click

from commands.evaluate import bundles, fit, off_policy, ranking, risk, uplift


@click.group()
def command() -> None:
    """Measure forecasts on held-out days of plain files; no store and no server is needed."""


for verb in (bundles, fit, off_policy, ranking, risk, uplift):
    command.add_command(verb.command)
