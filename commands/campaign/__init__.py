"""`selvedge campaign`: one verb a file."""

from __future__ import annotations

import click

from commands.campaign import adjust, create, end, lift, pause, people, resume, retry, status


@click.group()
def command() -> None:
    """Create, pause, resume, adjust, end a campaign, see how it goes, who is in it and what it brings."""


for verb in (adjust, create, end, lift, pause, people, resume, retry, status):
    command.add_command(verb.command)
