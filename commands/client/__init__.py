"""`selvedge client`: one verb a file."""

from __future__ import annotations

import click

from commands.client import adjust, erase, export, pause, profile, resume, status


@click.group()
def command() -> None:
    """Pause, resume or adjust a client's mail, see where it stands or what is known of them; export or erase them."""


for verb in (adjust, erase, export, pause, profile, resume, status):
    command.add_command(verb.command)
