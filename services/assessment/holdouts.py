"""Clients held out of the mail to those who drift, so that what it brings can be measured."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.holdouts import RE_ENGAGEMENT, arm, re_engagement
from domain.next_actions import ASKED, Answered, answered_with
from domain.planning import Start
from models.base import ClientId
from models.states import Arm
from services import metrics
from store.campaigns import campaigns
from store.clients import assessments


def held_out(
    connection: Connection,
    client_id: ClientId,
    start: Start | None,
    answered: tuple[Answered, ...],
    share: float,
    now: datetime,
) -> bool:
    """Whether `start` is a mail that the client is held out of; then its occasion is closed.

    `share` of all clients are, 0 to 1. The moment is kept for both arms alike, before anything is asked or begun: who
    was to be mailed is compared with who would have been.
    """
    if start is None or not share or start.kind not in ASKED:
        return False
    side = arm(RE_ENGAGEMENT, client_id, share)
    campaigns.stands(connection, re_engagement(share), client_id, side, now)
    if side is Arm.TREATED:
        return False
    done = Answered(key=start.key, action="held_out", at=now)
    assessments.save_answered(connection, client_id, answered_with(answered, done))
    metrics.next_actions.labels(action="held_out").inc()
    return True
