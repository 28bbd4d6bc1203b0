"""`selvedge mail resolve`: what became of a mail that nobody knows of."""

from __future__ import annotations

import click

from commands.shared.actor import get_command_actor
from commands.shared.parsing import validate
from commands.shared.runtime import open_database
from errors import BadInput
from models.outreach import UnknownMailAnswer
from settings import load


@click.command("resolve")
@click.argument("mail", metavar="CLIENT/N")
@click.argument("verdict", type=click.Choice(["arrived", "resend"]))
@click.option(
    "--because",
    type=click.Choice(["server_log", "client_said", "other"]),
    default="other",
    show_default=True,
    help="How you know; kept with your name.",
)
def command(mail: str, verdict: str, because: str) -> None:
    """Settle a mail in `unknown`, as by the log of your mail server: it arrived, or it is to be sent again.

    `resend` lets it queue again; consent, caps and quiet hours are asked as for every mail. Works without Temporal.
    """
    from services.context import ServiceContext  # noqa: PLC0415
    from services.mailing.resolution import resolve_mail  # noqa: PLC0415

    client_id, _, number = mail.partition("/")
    if not (number.isascii() and number.isdigit()):
        raise BadInput("give the client's id and the mail's number, such as c-10017/3", "mail")
    settings = load()
    context = ServiceContext(settings=settings, engine=open_database(settings))
    answer = validate(UnknownMailAnswer, {"verdict": verdict, "because": because})
    state = resolve_mail(context, get_command_actor(), client_id, int(number), answer)
    click.echo(f"{mail}: {state}")
