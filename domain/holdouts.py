"""Who is left unmailed, so that what mailing brings can be measured.

By a hash of the client's id and never by a draw: a client that comes again, and a campaign that is started again, meet
the same arm.
"""

from __future__ import annotations

from domain.experiments import place
from models.base import CampaignSlug, ClientId
from models.states import Arm


def arm(campaign: CampaignSlug, client_id: ClientId, control_share: float) -> Arm:
    """The client's arm in a campaign that holds out `control_share` of its clients, in [0, 1]."""
    return Arm.CONTROL if place(client_id, f"hold-out {campaign}") < control_share else Arm.TREATED
