"""Who is left unmailed, so that what mailing brings can be measured.

By a hash of the client's id and never by a draw: a client that comes again, and a campaign that is started again, meet
the same arm.
"""

from __future__ import annotations

from typing import Final

from domain.experiments import place
from models.base import CampaignSlug, ClientId
from models.states import Arm

RE_ENGAGEMENT: Final = "re-engagement"
"""Under this name clients are held out of the house's own mail to those who drift; no campaign may have it."""


def arm(campaign: CampaignSlug, client_id: ClientId, control_share: float) -> Arm:
    """The client's arm in a campaign that holds out `control_share` of its clients, in [0, 1]."""
    return Arm.CONTROL if place(client_id, f"hold-out {campaign}") < control_share else Arm.TREATED


def re_engagement(control_share: float) -> CampaignSlug:
    """The name of the comparison for this share. Each share is one of its own, since clients met by two cannot be
    compared; a larger one holds out all whom a smaller does."""
    return f"{RE_ENGAGEMENT}.{control_share:g}"
