"""Mails of a campaign that are on their way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select, update

from domain.outreach import SETTLED, list_sources
from domain.sequences import read_step
from models.base import CampaignSlug, ClientId
from models.journey_steps import MailContent, StepId
from models.states import OutreachState
from store.sql.bulk import give, match_given
from store.tables import outreaches


def list_stoppable(connection: Connection, slug: CampaignSlug, limit: int) -> list[tuple[ClientId, int, OutreachState]]:
    """List the next mails of a campaign that can still be stopped: client, number and state. What an attempt to send
    has claimed is left to the send gate."""
    o = outreaches.c
    states = sorted(list_sources(OutreachState.SUPPRESSED) - SETTLED - {OutreachState.CLAIMED})
    query = select(o.client_id, o.n, o.state).where(o.campaign == slug, o.state.in_(states))
    rows = connection.execute(query.order_by(o.client_id, o.n).limit(limit))
    return [(row.client_id, row.n, OutreachState(row.state)) for row in rows]


class UnsentMail(NamedTuple):
    """A mail of a step that is not with the mail server yet, and what it is to say."""

    client_id: ClientId
    n: int
    step: StepId
    content: MailContent


def list_unsent(connection: Connection, slug: CampaignSlug, steps: Collection[StepId]) -> list[UnsentMail]:
    """List the mails of these steps of a campaign that have not left, whether written or not."""
    o = outreaches.c
    states = sorted(set(OutreachState) - SETTLED - {OutreachState.DATA})
    query = select(o.client_id, o.n, o.reason_key, o.content).where(
        o.campaign == slug, o.state.in_(states), o.content.is_not(None)
    )
    rows = connection.execute(query.order_by(o.client_id, o.n).with_for_update())
    found = (UnsentMail(row.client_id, row.n, read_step(row.reason_key), row.content) for row in rows)
    return [one._replace(content=MailContent.model_validate(one.content)) for one in found if one.step in steps]


def save_contents(connection: Connection, mails: Collection[UnsentMail], now: datetime) -> None:
    """Save what mails are to say. One that is written already is written again before it leaves."""
    if not mails:
        return
    of_mail = (outreaches.c.client_id == bindparam("client"), outreaches.c.n == bindparam("mail"))
    statement = update(outreaches).where(*of_mail).values(content=bindparam("said"), updated_at=now)
    connection.execute(
        statement,
        [
            {"client": one.client_id, "mail": one.n, "said": one.content.model_dump(mode="json", exclude_defaults=True)}
            for one in mails
        ],
    )


def count_in_delivery(connection: Connection, slug: CampaignSlug) -> int:
    """Count the mails of a campaign that are with the mail server now: not answered yet."""
    query = select(func.count()).where(outreaches.c.campaign == slug, outreaches.c.state == OutreachState.DATA)
    return int(connection.scalar(query) or 0)


def find_campaigns(connection: Connection, mails: Collection[tuple[ClientId, int]]) -> list[CampaignSlug]:
    """Find the campaigns of these mails (client, number)."""
    given = give(connection, {client_id for client_id, _ in mails})
    rows, wanted = connection.execute(_select_campaigns(connection.dialect.name), given), set(mails)
    return sorted({row.campaign for row in rows if (row.client_id, row.n) in wanted})


@cache  # building it takes longer than running it
def _select_campaigns(dialect: str) -> Select[tuple[str, int, str]]:
    o = outreaches.c
    return select(o.client_id, o.n, o.campaign).where(match_given(dialect, o.client_id), o.campaign.is_not(None))
