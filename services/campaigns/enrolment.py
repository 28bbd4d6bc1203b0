"""Enrol a campaign's audience, page by page, or count it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.enrolment import AudienceMember, begin_enrolments, is_in_audience
from models.base import ClientId
from models.campaign import CampaignSpec
from models.states import Arm, EnrolmentState
from store.campaigns import enrolments
from store.campaigns.campaigns import CampaignRow, update_campaign

PREVIEW_BATCH: Final = 10_000
"""Clients read at a time."""


class EnrolmentBatch(NamedTuple):
    """Clients just enrolled, counted by arm, and those of them who are to be mailed."""

    arms: Counter[Arm]
    mailed: list[ClientId]


def enrol_next(connection: Connection, row: CampaignRow, limit: int, now: datetime) -> EnrolmentBatch:
    """Enrol the next clients of the audience, at most `limit`, and move the cursor."""
    spec = row.spec
    chosen: list[AudienceMember] = []
    cursor, batch = row.cursor, max(limit * 4, 200)
    while len(chosen) < limit:
        page = enrolments.list_audience(connection, spec.audience.phases, cursor, batch)
        for member in page:
            cursor = member.client_id
            if is_in_audience(spec, member):
                chosen.append(member)
            if len(chosen) == limit:
                break
        if len(page) < batch:
            break
    taken = enrolments.find_enrolled_mailboxes(connection, spec.slug, [member.mailbox for member in chosen])
    entries = begin_enrolments(spec, chosen, taken)
    enrolments.save_enrolments(connection, spec.slug, spec.entry, entries, now)
    update_campaign(connection, row.slug, now, cursor=cursor, enrolled_all=len(chosen) < limit)
    mailed = [entry.client_id for entry in entries if entry.state is EnrolmentState.WAITING]
    return EnrolmentBatch(Counter(entry.arm for entry in entries), mailed)


def count_audience(connection: Connection, spec: CampaignSpec) -> Counter[Arm]:
    """Count by arm the clients whom the campaign would enrol as they are now, and change nothing."""
    counts: Counter[Arm] = Counter()
    cursor, taken = "", dict[str, ClientId]()
    while page := enrolments.list_audience(connection, spec.audience.phases, cursor, PREVIEW_BATCH):
        cursor = page[-1].client_id
        members = [member for member in page if is_in_audience(spec, member)]
        counts.update(entry.arm for entry in begin_enrolments(spec, members, taken))
        for member in members:
            if member.consent:
                taken.setdefault(member.mailbox, member.client_id)
    return counts
