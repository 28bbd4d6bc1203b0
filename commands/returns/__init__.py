"""`selvedge returns`: one verb a file."""

from __future__ import annotations

import click

from commands.returns import list_, read, show


@click.group(invoke_without_command=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=None, help="Processes; SELVEDGE_RETURNS_WORKERS otherwise."
)
@click.pass_context
def command(context: click.Context, workers: int | None) -> None:
    """Take in what comes back for our mail, until stopped: bounces, complaints and mails that unsubscribe.

    Listens on SELVEDGE_RETURNS_PORT (LMTP or SMTP) and polls SELVEDGE_RETURNS_MAILBOX, whichever is set. Every worker
    with the queue mail does the same.
    """
    if context.invoked_subcommand is None:
        from commands.returns.serving import serve  # noqa: PLC0415

        context.exit(serve(workers))


for verb in (list_, read, show):
    command.add_command(verb.command)
