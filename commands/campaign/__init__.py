"""`selvedge campaign`: one verb a file."""

from __future__ import annotations

import click

from commands.campaign import (
    adjust,
    approve,
    clone,
    create,
    diff,
    end,
    lift,
    pause,
    people,
    preview,
    resume,
    retry,
    schedule,
    show,
    simulate,
    simulations,
    start,
    status,
    submit,
    test_send,
    validate,
)


@click.group()
def command() -> None:
    """Create, preview, approve, start, steer and end a campaign, see who is in it, and what it brings."""


for verb in (
    adjust,
    approve,
    clone,
    create,
    diff,
    end,
    lift,
    pause,
    people,
    preview,
    resume,
    retry,
    schedule,
    show,
    simulate,
    simulations,
    start,
    status,
    submit,
    test_send,
    validate,
):
    command.add_command(verb.command)
