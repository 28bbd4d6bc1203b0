"""`selvedge suppressions`: one verb a file."""

from __future__ import annotations

import click

from commands.suppressions import add, export, import_, list_, remove, show


@click.group()
def command() -> None:
    """Show and change the list of mailboxes that are not mailed.

    Hard bounces, repeated soft bounces and complaints enter mailboxes by themselves. Addresses are not stored, only
    keyed hashes. Works without Temporal.
    """


for verb in (add, export, import_, list_, remove, show):
    command.add_command(verb.command)
