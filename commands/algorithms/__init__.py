"""`selvedge algorithms`: one verb a file."""

from __future__ import annotations

import click

from commands.algorithms import (
    check,
    compare,
    demote,
    evaluate,
    history,
    list_,
    outcomes,
    promote,
    purge,
    schema,
    shadow,
    split,
)


@click.group()
def command() -> None:
    """List algorithms, try one, let it answer a slot, or read what a slot asks."""


for verb in (check, compare, demote, evaluate, history, list_, outcomes, promote, purge, schema, shadow, split):
    command.add_command(verb.command)
