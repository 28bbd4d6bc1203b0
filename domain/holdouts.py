"""Assign clients to the holdout, who are not mailed so that the effect of mailing can be measured.

Assignment is a hash of the client's id, never a draw: a client that returns, and a campaign that is started again, get
the same arm.
"""

from __future__ import annotations

from typing import Final

from domain.experiments import hash_to_unit
from models.base import CampaignSlug, ClientId
from models.states import Arm

RE_ENGAGEMENT: Final = "re-engagement"
"""Under this name clients are held out of our own drift mails; no campaign may have it."""


def assign_arm(campaign: CampaignSlug, client_id: ClientId, control_share: float) -> Arm:
    """Assign the client's arm in a campaign that holds out `control_share` of its clients, in [0, 1]."""
    return Arm.CONTROL if hash_to_unit(client_id, f"hold-out {campaign}") < control_share else Arm.TREATED


def build_re_engagement_slug(control_share: float) -> CampaignSlug:
    """Build the name of the re-engagement comparison for this share.

    Each share has its own comparison, since clients of two shares cannot be compared. A larger share holds out
    everybody whom a smaller one does.
    """
    return f"{RE_ENGAGEMENT}.{control_share:g}"
