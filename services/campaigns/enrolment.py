"""Enrol a campaign's audience, page by page, or count it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.enrolment import AudienceMember, NewEnrolment, begin_enrolments, is_in_audience
from models.base import ClientId
from models.campaign import CampaignSpec
from models.states import Arm, EnrolmentState
from services.journeys.audience_entries import open_entry
from store.campaigns import enrolments
from store.campaigns.campaigns import CampaignRow, update_campaign

PREVIEW_BATCH: Final = 10_000
"""Clients read at a time."""
MOST_LOOKED_AT: Final = 50_000
"""Clients read in one round: a rare tag does not hold the database for long."""


class EnrolmentBatch(NamedTuple):
    """Clients just enrolled, counted by arm, and those of them who are to be mailed."""

    arms: Counter[Arm]
    mailed: list[ClientId]


def enrol_next(connection: Connection, row: CampaignRow, limit: int, now: datetime) -> EnrolmentBatch:
    """Enrol the next clients of the audience who are not in it yet, at most `limit`, and move the cursor; at most
    MOST_LOOKED_AT clients are looked at."""
    opened = row if row.version is None else open_entry(connection, row, now)
    if opened is None:
        return EnrolmentBatch(Counter(), [])
    row, spec, beside = opened, opened.spec, (opened.slug, opened.spec.entry)
    chosen: list[AudienceMember] = []
    cursor, batch, looked, at_end = row.cursor, max(limit * 4, 200), 0, False
    while len(chosen) < limit and looked < MOST_LOOKED_AT and not at_end:
        page = enrolments.list_audience(connection, spec.audience, now, cursor, batch, beside)
        for member in page:
            cursor = member.client_id
            if is_in_audience(spec, member):
                chosen.append(member)
            if len(chosen) == limit:
                break
        looked, at_end = looked + len(page), len(page) < batch and len(chosen) < limit
    taken = enrolments.find_enrolled_mailboxes(connection, spec.slug, [member.mailbox for member in chosen])
    entries = begin_enrolments(spec, chosen, taken)
    enrolments.save_enrolments(connection, spec.slug, spec.entry, entries, now, row.version)
    update_campaign(connection, row.slug, now, cursor=cursor, enrolled_all=at_end)
    mailed = [entry.client_id for entry in entries if entry.state is EnrolmentState.WAITING]
    return EnrolmentBatch(Counter(entry.arm for entry in entries), mailed)


def count_audience(connection: Connection, spec: CampaignSpec, now: datetime) -> Counter[Arm]:
    """Count by arm the clients whom the campaign would enrol as they are at `now`, and change nothing."""
    return Counter(entry.arm for entries in iterate_audience(connection, spec, now) for entry in entries)


def iterate_audience(connection: Connection, spec: CampaignSpec, now: datetime) -> Iterator[list[NewEnrolment]]:
    """Yield page by page how the audience would be enrolled at `now`, and change nothing."""
    cursor, taken = "", dict[str, ClientId]()
    while page := enrolments.list_audience(connection, spec.audience, now, cursor, PREVIEW_BATCH):
        cursor = page[-1].client_id
        members = [member for member in page if is_in_audience(spec, member)]
        yield begin_enrolments(spec, members, taken)
        for member in members:
            if member.consent:
                taken.setdefault(member.mailbox, member.client_id)
