"""Finish a campaign whose end has come: nobody enters, what can still be stopped is, and then it has finished."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain import permissions
from domain.campaign_life import ENDED, OVER
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.campaign import CampaignProgress
from models.states import CampaignState, OutreachState
from services import metrics
from store.activity import write_activity
from store.campaigns import campaigns, enrolments, places, under_way
from store.campaigns.campaigns import CampaignRow
from store.events import outbox
from store.mail import ledger

SHARE: Final = 1_000
"""Mails stopped in one round."""


def finish_in_time(
    connection: Connection, actor: Actor, row: CampaignRow, now: datetime, real_now: datetime
) -> CampaignRow:
    """Move a campaign on whose end has come, and return its row. Raises NotAllowed."""
    permissions.require(actor, Action.FINISH_CAMPAIGN)
    if row.state not in OVER and row.ends_at is not None and now >= row.ends_at:
        _begin_finishing(connection, actor, row.slug, now, real_now)
    if campaigns.load_campaign(connection, row.slug).state is CampaignState.FINISHING:
        _stop_mails(connection, row.slug, now, real_now)
        # Whose mail is settled leaves with their next assessment; a nudge has it come.
        left = places.list_in_step(connection, row.slug, SHARE)
        outbox.push_nudges(connection, "client", left, real_now)
        progress = campaigns.count_progress(connection, row.slug)
        if progress.pending + progress.under_way == 0 and not left:
            _finish(connection, actor, progress, now, real_now)
    return campaigns.load_campaign(connection, row.slug)


def _begin_finishing(
    connection: Connection, actor: Actor, slug: CampaignSlug, now: datetime, real_now: datetime
) -> None:
    if campaigns.move_campaign(connection, slug, CampaignState.FINISHING, now):
        dropped = enrolments.drop_campaign_pending(connection, slug, now)
        _put_on_record(connection, actor, slug, now, real_now, {"state": CampaignState.FINISHING, "dropped": dropped})


def _stop_mails(connection: Connection, slug: CampaignSlug, now: datetime, real_now: datetime) -> None:
    """Stop a share of the mails on their way. Their clients' turn is free again; a draft leaves the desk."""
    rows = under_way.list_stoppable(connection, slug, SHARE)
    for client_id, n, _ in rows:
        if ledger.move_mail(connection, client_id, n, OutreachState.SUPPRESSED, now, code=ENDED):
            metrics.mails.labels(outcome=OutreachState.SUPPRESSED).inc()
    outbox.push_nudges(connection, "client", [client_id for client_id, _, _ in rows], real_now)
    desk = [f"{client_id}:{n}" for client_id, n, state in rows if state is OutreachState.AWAITING_PERSON]
    outbox.push_nudges(connection, "mail", desk, real_now)


def _finish(
    connection: Connection, actor: Actor, progress: CampaignProgress, now: datetime, real_now: datetime
) -> None:
    if campaigns.move_campaign(connection, progress.slug, CampaignState.FINISHED, now):
        counts = {name: getattr(progress, name) for name in ("enrolled", "sent", "stopped", "dropped", "held_out")}
        _put_on_record(connection, actor, progress.slug, now, real_now, {"state": CampaignState.FINISHED, **counts})


def _put_on_record(
    connection: Connection,
    actor: Actor,
    slug: CampaignSlug,
    now: datetime,
    real_now: datetime,
    data: dict[str, object],
) -> None:
    subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
    write_activity(connection, actor, Action.FINISH_CAMPAIGN, subject, now, real_now, data)
