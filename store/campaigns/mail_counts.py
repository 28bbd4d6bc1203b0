"""How many of a campaign's mails were delivered, came back, were called spam, clicked, or answered by unsubscribing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, func, or_, select

from domain.mail_metrics import MailCounts
from models.base import CampaignSlug
from models.states import OutreachState
from store.mail.mailboxes import HARD
from store.tables import events, outreaches

_O = outreaches.c
_REFUSED: Final = and_(_O.state == OutreachState.FAILED, _O.code.startswith("smtp_5"))
_HARD: Final = or_(and_(_O.state == OutreachState.BOUNCED, _O.code.startswith(HARD)), _REFUSED)
_DELIVERED: Final = _O.state.in_((OutreachState.SENT, OutreachState.COMPLAINED))


def count_mails(
    connection: Connection, slug: CampaignSlug, since: datetime | None = None, until: datetime | None = None
) -> MailCounts:
    """Count the campaign's mails, those alone that left from `since` on; with `until` what was sent and answered before
    it."""
    left_at = func.coalesce(_O.sent_at, _O.updated_at)
    of_campaign: ColumnElement[bool] = _O.campaign == slug
    if since is not None:
        of_campaign = and_(of_campaign, left_at >= since)
    if until is not None:
        of_campaign = and_(of_campaign, left_at < until)
    tried = or_(_DELIVERED, _O.state == OutreachState.BOUNCED, _REFUSED)
    cases = (tried, _DELIVERED, _HARD, _O.state == OutreachState.COMPLAINED)
    counted = connection.execute(select(*map(_count_where, cases)).where(of_campaign)).one()
    return MailCounts(*(int(value) for value in counted), **_count_answers(connection, of_campaign, until))


def _count_where(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _count_answers(connection: Connection, of_campaign: ColumnElement[bool], until: datetime | None) -> dict[str, int]:
    e = events.c
    key = _O.client_id + "." + cast(_O.n, String)
    answered = and_(e.client_id == _O.client_id, e.data["outreach"].as_string() == key)
    by_person = e.data["machine"].as_boolean().is_not(True)
    kinds = e.type.in_(("email_clicked", "unsubscribed"))
    query = (
        select(e.type, func.count(key.distinct()))
        .select_from(outreaches.join(events, answered))
        .where(of_campaign, _DELIVERED, kinds, by_person)
        .group_by(e.type)
    )
    if until is not None:
        query = query.where(e.occurred_at < until)
    found = dict(map(tuple, connection.execute(query)))
    return {"clicks": int(found.get("email_clicked", 0)), "unsubscribes": int(found.get("unsubscribed", 0))}
