"""`selvedge webhooks`: one verb a file."""

from __future__ import annotations

import click

from commands.webhooks import add, disable, enable, list_, log, remove, replay, rotate, show, test


@click.group()
def command() -> None:
    """Tell other systems what happens, signed by the Standard Webhooks specification. Works without Temporal.

    \b
    selvedge webhooks add warehouse https://hooks.shop.example/selvedge --type fix.state_changed
    selvedge webhooks test warehouse
    selvedge webhooks log warehouse --state failed
    selvedge webhooks replay warehouse --since 2026-03-01T09:30:00+01:00
    """


for verb in (add, list_, show, log, replay, rotate, enable, disable, remove, test):
    command.add_command(verb.command)
