"""`selvedge backup`: one verb a file."""

from __future__ import annotations

import click

from commands.backup import create, key, list_, verify


@click.group()
def command() -> None:
    """Save store, keys and models as an encrypted file in SELVEDGE_BACKUP_FOLDER. Works without Temporal."""


for verb in (create, list_, verify, key):
    command.add_command(verb.command)
