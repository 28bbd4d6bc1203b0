"""`selvedge predict`: one verb a file."""

from __future__ import annotations

import click

from commands.predict import bundles, fit, ranking, risk


@click.group()
def command() -> None:
    """Forecast from plain files; no store and no server is needed."""


for verb in (bundles, fit, ranking, risk):
    command.add_command(verb.command)
