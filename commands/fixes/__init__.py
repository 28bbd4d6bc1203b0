"""`selvedge fixes`: one verb a file."""

from __future__ import annotations

import click

from commands.fixes import assemble, cancel, check, decide, list_, offers, replay, request, show, wave


@click.group()
def command() -> None:
    """Ask for a Fix, decide on it, see how it came about; or assemble boxes from plain files."""


for verb in (assemble, cancel, check, decide, list_, offers, replay, request, show, wave):
    command.add_command(verb.command)
