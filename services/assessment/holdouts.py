"""The holdout of re-engagement mail, which measures what that mail brings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.holdouts import RE_ENGAGEMENT, assign_arm, build_re_engagement_slug
from domain.next_actions import DRIFT_MAILS, NoMailDecision, add_decision
from domain.planning import MailStart
from models.base import ClientId
from models.states import Arm
from services import metrics
from store.campaigns import campaigns
from store.clients import assessments


def hold_out(
    connection: Connection,
    client_id: ClientId,
    start: MailStart | None,
    answered: tuple[NoMailDecision, ...],
    share: float,
    now: datetime,
) -> bool:
    """Hold the client out of the mail `start` if they are in the holdout arm, and return whether they are; their
    trigger is then closed.

    `share` of all clients, 0 to 1, are in the holdout. The exposure is recorded for both arms alike before anything is
    asked or begun: those who were to be mailed are compared with those who would have been.
    """
    if start is None or not share or start.kind not in DRIFT_MAILS:
        return False
    side = assign_arm(RE_ENGAGEMENT, client_id, share)
    campaigns.save_arm(connection, build_re_engagement_slug(share), client_id, side, now)
    if side is Arm.TREATED:
        return False
    done = NoMailDecision(key=start.key, action="held_out", at=now)
    assessments.save_answered(connection, client_id, add_decision(answered, done))
    metrics.next_actions.labels(action="held_out").inc()
    return True
