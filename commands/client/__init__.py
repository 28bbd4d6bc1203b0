"""`selvedge client`: one verb a file."""

from __future__ import annotations

import click

from commands.client import adjust, erase, export, pause, profile, resume, status


@click.group()
def command() -> None:
    """Pause, resume or adjust a client's mail, show its status or the client's profile; export or erase the client."""


for verb in (adjust, erase, export, pause, profile, resume, status):
    command.add_command(verb.command)
