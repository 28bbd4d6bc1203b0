"""Pause a campaign by itself when it passes one of its limits."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from domain import permissions
from domain.mail_metrics import find_breach
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.lift import MailMetric
from models.states import CampaignState
from services import metrics
from store.activity import write_activity
from store.campaigns import campaigns, lift, mail_counts
from store.campaigns.campaigns import CampaignRow

GUARDED_FOR: Final = timedelta(days=28)
"""How far back the mails of a sequence of the lifecycle count."""

log = logging.getLogger("selvedge.campaigns")


def pause_beyond_limits(
    connection: Connection, actor: Actor, row: CampaignRow, now: datetime, real_now: datetime
) -> CampaignRow:
    """Pause a running campaign whose mails since its start, or the last resume, pass one of its limits, and return its
    row; of a sequence of the lifecycle the mails of the last GUARDED_FOR count. The reason stands in the row; the owner
    resumes when it is mended. Raises NotAllowed."""
    if row.state is not CampaignState.RUNNING:
        return row
    since = row.guarded_from
    if row.sequence is not None:  # it runs for years: what was wrong long ago is not wrong now
        since = max(since or now - GUARDED_FOR, now - GUARDED_FOR)
    counts = mail_counts.count_mails(connection, row.slug, since)
    breach = find_breach(counts, row.spec.guardrails)
    if breach is not None:
        _pause(connection, actor, row, _name_breach(breach), breach.name, now, real_now)
    elif row.spec.guardrails.negative_lift and _loses_orders(connection, row, now):
        reason = "guardrail: those mailed order less often than those held out, beyond chance"
        _pause(connection, actor, row, reason, "negative_lift", now, real_now)
    return campaigns.load_campaign(connection, row.slug)


def _loses_orders(connection: Connection, row: CampaignRow, now: datetime) -> bool:
    conversion = lift.compute_lift(connection, row.slug, now).conversion
    return conversion is not None and conversion.high < 0


def _name_breach(breach: MailMetric) -> str:
    share = breach.count / breach.of
    what = breach.name.replace("_", " ")
    return f"guardrail: {breach.count:,} {what} of {breach.of:,} mails, {share:.2%}; the limit is {breach.limit:.2%}"


def _pause(
    connection: Connection, actor: Actor, row: CampaignRow, reason: str, name: str, now: datetime, real_now: datetime
) -> None:
    permissions.require(actor, Action.PAUSE_CAMPAIGN)
    if campaigns.move_campaign(connection, row.slug, CampaignState.PAUSED, now, reason=reason):
        subject = Subject(kind=SubjectKind.CAMPAIGN, id=row.slug)
        write_activity(connection, actor, Action.PAUSE_CAMPAIGN, subject, now, real_now, {"guardrail": name})
        metrics.guardrail_pauses.labels(guardrail=name).inc()
        log.warning("%s is paused, %s", row.slug, reason)
