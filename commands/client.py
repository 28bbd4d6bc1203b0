"""`selvedge client pause|resume|adjust|status|profile|export|erase ID`."""

from __future__ import annotations

import click

from commands import _privacy, _shared
from errors import BadInput
from models.campaign import PauseOrder, ResumeOrder
from models.clients import ClientPolicy
from models.states import Overdue
from settings import load
from workflows import handles, ids


@click.group()
def command() -> None:
    """Pause, resume or adjust a client's mail, see where it stands or what is known of them; export or erase them."""


for verb in (_privacy.export, _privacy.erase):
    command.add_command(verb)


@command.command()
@click.argument("client_id")
@_shared.REASON
def pause(client_id: str, reason: str) -> None:
    """Hold a client's mail. Their phase goes on being assessed; nothing is lost."""
    order = _shared.checked(PauseOrder, {"reason": reason})
    _shared.with_temporal(load(), lambda client: handles.pause(client, ids.client(client_id), order))
    click.echo(f"{client_id}: mail is held until resumed")


@command.command()
@click.argument("client_id")
@_shared.OVERDUE
def resume(client_id: str, overdue: str) -> None:
    """Lift the hold on a client's mail."""
    order = ResumeOrder(overdue=Overdue(overdue))
    _shared.with_temporal(load(), lambda client: handles.resume(client, ids.client(client_id), order))
    click.echo(f"{client_id}: mail goes on; overdue mail: {overdue}")


@command.command()
@click.argument("client_id")
@click.option("--max-per-week", type=int, help="At most so many mails a week; 0 for none.")
@click.option("--hour", type=int, help="The hour of their own day at which they like to hear from us.")
@click.option("--not-before", help="No mail before this moment (ISO 8601 with offset).")
def adjust(client_id: str, max_per_week: int | None, hour: int | None, not_before: str | None) -> None:
    """Set what a client asked of our mail."""
    if max_per_week is None and hour is None and not_before is None:
        raise BadInput("give --max-per-week, --hour or --not-before")
    values = {"max_mails_per_week": max_per_week, "preferred_hour": hour, "not_before": not_before}
    policy = _shared.checked(ClientPolicy, values)
    _shared.show(_shared.with_temporal(load(), lambda client: handles.set_policy(client, client_id, policy)), False)


@command.command()
@click.argument("client_id")
@_shared.AS_JSON
def status(client_id: str, as_json: bool) -> None:
    """What the client's workflow says of itself."""
    _shared.show(_shared.with_temporal(load(), lambda client: handles.client_status(client, client_id)), as_json)


@command.command()
@click.argument("client_id")
def profile(client_id: str) -> None:
    """What is known of the client's taste, sizes and wishes, and what they did, as JSON (docs/formats.md)."""
    from store.clients import profiles  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        click.echo(profiles.profile(connection, client_id, now).model_dump_json(indent=2))
