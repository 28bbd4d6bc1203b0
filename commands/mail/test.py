"""`selvedge mail test`: one real mail to staff."""

from __future__ import annotations

import asyncio

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import open_database
from models.states import TouchKind
from settings import load


@click.command("test")
@click.argument("address")
@click.option("--kind", type=click.Choice([kind.value for kind in TouchKind]), default="missed", show_default=True)
def command(address: str, kind: str) -> None:
    """Send one real mail of a kind to a member of staff, and print its Message-ID.

    It goes the way of every mail. It belongs to no client, so its links to a client's own pages (preferences, view in
    browser, the selection) open the page "This link leads nowhere".
    """
    from services.context import ServiceContext  # noqa: PLC0415
    from services.mailing.staff_mail import send_staff_mail  # noqa: PLC0415

    settings = load()
    context = ServiceContext(settings=settings, engine=open_database(settings))
    message_id = asyncio.run(send_staff_mail(context, get_command_actor(), address, TouchKind(kind)))
    click.echo(f"sent {message_id}")
