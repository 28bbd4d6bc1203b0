"""Who waits for the next mail of a campaign."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select

from models.base import CampaignSlug, ClientId
from models.states import EnrolmentState
from store.tables import enrolments


def list_waiting(connection: Connection, slug: CampaignSlug, now: datetime) -> dict[ClientId, str]:
    """List the clients in a campaign who wait, with nothing but their turn to wait for, and the step of each."""
    e = enrolments.c
    due = or_(e.due_at.is_(None), e.due_at <= now)
    query = select(e.client_id, e.step).where(e.campaign == slug, e.state == EnrolmentState.WAITING, due)
    return {row.client_id: row.step or "" for row in connection.execute(query)}
