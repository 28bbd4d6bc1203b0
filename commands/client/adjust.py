"""`selvedge client adjust`: set what a client asked of our mail."""

from __future__ import annotations

import click

from commands.client.steering import steer_client
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from errors import BadInput
from models.clients import ClientPolicy
from settings import load


@click.command("adjust")
@click.argument("client_id")
@click.option("--max-per-week", type=int, help="At most so many mails a week; 0 for none.")
@click.option("--hour", type=int, help="The hour of their own day at which they like to hear from us.")
@click.option("--not-before", help="No mail before this moment (ISO 8601 with offset).")
def command(client_id: str, max_per_week: int | None, hour: int | None, not_before: str | None) -> None:
    """Set what a client asked of our mail."""
    from domain.timing import explain_preferred_hour  # noqa: PLC0415
    from store.mail.policy import build_mail_rules  # noqa: PLC0415

    if max_per_week is None and hour is None and not_before is None:
        raise BadInput("give --max-per-week, --hour or --not-before")
    values = {"max_mails_per_week": max_per_week, "preferred_hour": hour, "not_before": not_before}
    policy = validate(ClientPolicy, values)
    steer_client(client_id, kind="adjust", policy=policy)
    print_answer(policy, False)
    if why := explain_preferred_hour(build_mail_rules(load()), policy):
        click.echo(f"--hour: {why}", err=True)
