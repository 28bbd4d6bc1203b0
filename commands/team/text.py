"""What the verbs of `selvedge team` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from models.team import InvitationLink
from settings import Settings

if TYPE_CHECKING:
    from services.team.invitations import LinkBase


def get_link_base(settings: Settings) -> LinkBase:
    """Return what links to the pages are made with."""
    from services.team.invitations import LinkBase  # noqa: PLC0415

    return LinkBase(settings.base_url, settings.keys.signing)


def print_link(made: InvitationLink, as_json: bool) -> None:
    """Print a link for people or for programs."""
    if as_json:
        click.echo(made.model_dump_json())
        return
    click.echo(f"Send this to {made.account.name} yourself; it works once, within {made.days} days:\n{made.link}")
