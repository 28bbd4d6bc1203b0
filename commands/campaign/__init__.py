"""`selvedge campaign`: one verb a file."""

from __future__ import annotations

import click

from commands.campaign import adjust, create, end, lift, pause, resume, status


@click.group()
def command() -> None:
    """Create, pause, resume, adjust, end a campaign, or see how it goes and what it brings."""


for verb in (adjust, create, end, lift, pause, resume, status):
    command.add_command(verb.command)
