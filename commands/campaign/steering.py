"""Carry out what an owner asks of a campaign."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from models.campaign import CampaignCommand
from settings import load

if TYPE_CHECKING:
    from models.campaign import SteeredCampaign
    from models.campaign_definition import CampaignAdjustment


def adjust_campaign(slug: str, change: CampaignAdjustment) -> SteeredCampaign:
    """Change a campaign, or what one of its steps says."""
    from services.campaigns.rewording import reword_step  # noqa: PLC0415

    if change.step is None:
        return steer_campaign(slug, CampaignCommand(kind="adjust", change=change.list_changes()))
    engine = open_database(load())
    now, real_now = load_business_time(engine), datetime.now(UTC)
    return reword_step(engine, get_command_actor(), slug, change, now, real_now)


def steer_campaign(slug: str, command: CampaignCommand) -> SteeredCampaign:
    """Carry out a command on a campaign, and say where it stands. Its workflow looks once Temporal is there."""
    from services.campaigns import steering  # noqa: PLC0415

    engine = open_database(load())
    now, real_now = load_business_time(engine), datetime.now(UTC)
    return steering.steer_campaign(engine, get_command_actor(), slug, command, now, real_now)


def print_steered(steered: SteeredCampaign, first: str, *, as_json: bool) -> None:
    """Print what came of an order: in words, which begin with `first`, or as JSON."""
    click.echo(steered.model_dump_json() if as_json else "\n".join([first, *steered.said]))
