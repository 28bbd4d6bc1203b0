"""What a version of a campaign may ask of the shop, and how it may take the place of another."""

from __future__ import annotations

from collections.abc import Mapping

from domain.journeys.places import find_step
from domain.journeys.tightening import list_hours
from domain.timing import MailRules
from errors import BadInput
from models.campaign_definition import CampaignDefinition
from models.journey_steps import END, QuietHours, StepId


def require_fit(definition: CampaignDefinition, rules: MailRules) -> None:
    """Require that a campaign tightens the shop's caps and quiet hours and never loosens them. Raises BadInput."""
    caps, hours = definition.caps, definition.quiet_hours
    if caps is not None and caps.mails_per_week > rules.max_per_week:
        raise BadInput(
            f"{caps.mails_per_week} is more than the shop's {rules.max_per_week}; a campaign may only be tighter",
            "caps.mails_per_week",
        )
    if hours is None:
        return
    shop = QuietHours(from_hour=rules.quiet_from_hour, until_hour=rules.quiet_until_hour)
    if missing := list_hours(shop) - list_hours(hours):
        raise BadInput(
            f"leaves out {min(missing)}:00, which is quiet in the shop ({shop.from_hour}:00 to {shop.until_hour}:00); "
            "a campaign may only be tighter",
            "quiet_hours",
        )


def require_moves(definition: CampaignDefinition, moves: Mapping[StepId, StepId]) -> None:
    """Require that clients are sent to steps that there are. Raises BadInput."""
    for step, target in moves.items():
        if find_step(definition, step) is not None:
            raise BadInput(f"{step} is still a step; nobody has to leave it", "moves")
        if target != END and find_step(definition, target) is None:
            raise BadInput(f"{target} is no step of the new version", "moves")
