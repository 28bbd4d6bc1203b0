"""`selvedge campaign test-send`: a campaign's mails in the inboxes of staff."""

from __future__ import annotations

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.staff_sends import StaffSendOrder
from settings import load


@click.command("test-send", short_help="Send one mail of each text of a campaign to addresses of the team.")
@click.argument("slug")
@click.option("--to", multiple=True, required=True, help="The address of an account of the team (several times).")
@click.option("--version", type=int, help="Of its definition; the newest when not given, a draft too.")
@click.option("--client", help="Write as for this client; else for a reader of whom nothing is known.")
@AS_JSON
def command(slug: str, to: tuple[str, ...], version: int | None, client: str | None, as_json: bool) -> None:
    """Send one real mail of each step and variant to staff, marked [Test], and print the Message-IDs.

    They go the way of every mail, but to addresses of the team alone: an account whose name is the address. Their links
    belong to nobody.

    \b
    selvedge campaign test-send spring --to mia@shop.example
    """
    from services.campaigns.staff_sends import send_to_staff  # noqa: PLC0415
    from services.context import ServiceContext  # noqa: PLC0415
    from services.recommendations.opening import open_recommender  # noqa: PLC0415

    order = validate(StaffSendOrder, {"to": to, "version": version, "client": client})
    settings = load()
    engine = open_database(settings)
    context, now = ServiceContext(settings=settings, engine=engine), load_business_time(engine)
    with open_recommender(settings, engine) as recommender:
        result = send_to_staff(context, recommender, get_command_actor(), slug, order, now)
    if as_json:
        click.echo(result.model_dump_json())
        return
    for mail in result.mails:
        click.echo(f"sent {' '.join(filter(None, (mail.step, mail.variant)))} {mail.message_id}".replace("  ", " "))
