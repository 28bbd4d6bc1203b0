"""Campaigns: their definition, state and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from domain.campaign_life import OVER, compute_end
from domain.holdouts import RE_ENGAGEMENT
from domain.outreach import RETURNED, SETTLED
from domain.states import CAMPAIGN
from errors import BadInput, NotFound
from models.base import CampaignSlug
from models.campaign import CampaignProgress, CampaignSpec
from models.states import CampaignState, EnrolmentState, OutreachState, Overdue
from models.webhooks import Announcement, WebhookType
from store.sql.bulk import insert_ignoring
from store.sql.records import Record
from store.tables import campaigns, enrolments, outreaches
from store.webhooks.announcements import push_messages


@dataclass(frozen=True, slots=True)
class CampaignRow(Record):
    """One campaign. `cursor`: the last client whom enrolment looked at; `erased`: erased clients, by state.
    `version`: of the definition by which clients have places; `sequence`: of one that mails a phase, without places;
    both None: a campaign of one mail, or not started."""

    slug: CampaignSlug
    spec: CampaignSpec
    state: CampaignState
    reason: str
    epoch: int
    overdue: Overdue
    cursor: str
    enrolled_all: bool
    erased: dict[str, Any]
    started_at: datetime | None
    looked_at: datetime | None
    guarded_from: datetime | None
    version: int | None
    sequence: int | None
    created_at: datetime
    updated_at: datetime

    @property
    def running_version(self) -> int | None:
        """The version that runs; None: a campaign of one mail, or not started."""
        return self.sequence if self.version is None else self.version

    @property
    def ends_at(self) -> datetime | None:
        """When it ends by itself; None: never."""
        return compute_end(self.spec, self.started_at or self.created_at)


_CAMPAIGN: Final = select(*CampaignRow.list_columns(campaigns))
_LOCKED_CAMPAIGN: Final = _CAMPAIGN.where(campaigns.c.slug == bindparam("slug")).with_for_update(read=True)
"""Built once: it runs for every mail."""


def create_campaign(connection: Connection, spec: CampaignSpec, now: datetime) -> bool:
    """Save a new campaign, and return whether it is new. Raises BadInput when another campaign has the slug."""
    if spec.slug.startswith(RE_ENGAGEMENT):
        raise BadInput(f"{RE_ENGAGEMENT} is the shop's own mail to clients who drift; choose another slug", "slug")
    values = {"spec": spec.model_dump(mode="json"), "updated_at": now}
    row = {"slug": spec.slug, "state": CampaignState.RUNNING, "created_at": now, **values}
    row |= {"reason": "", "epoch": 1, "overdue": Overdue.REPLAN, "cursor": "", "enrolled_all": False, "erased": {}}
    row |= {"started_at": now, "looked_at": now, "guarded_from": now}
    new = bool(insert_ignoring(connection, campaigns, [row]))
    if not new:
        stored = load_campaign(connection, spec.slug)
        if CampaignSpec.model_validate(stored.spec) != spec:
            raise BadInput(f"{spec.slug} exists with other terms; adjust it or choose another slug", "slug")
    if new:
        _tell_state(connection, spec.slug, CampaignState.RUNNING, now)
    return new


def insert_draft(connection: Connection, spec: CampaignSpec, now: datetime) -> None:
    """Save a campaign that has not started. Raises BadInput when another has the slug."""
    if spec.slug.startswith(RE_ENGAGEMENT):
        raise BadInput(f"{RE_ENGAGEMENT} is the shop's own mail to clients who drift; choose another slug", "slug")
    row = {"slug": spec.slug, "state": CampaignState.DRAFT, "created_at": now, "updated_at": now}
    row |= {"reason": "", "epoch": 1, "overdue": Overdue.REPLAN, "cursor": "", "enrolled_all": False, "erased": {}}
    if not insert_ignoring(connection, campaigns, [row | {"spec": spec.model_dump(mode="json")}]):
        raise BadInput(f"{spec.slug} is a campaign of one mail; choose another slug", "slug")
    _tell_state(connection, spec.slug, CampaignState.DRAFT, now)


def load_campaign(connection: Connection, slug: CampaignSlug, *, lock: bool = False) -> CampaignRow:
    """Load a campaign's row; with `lock` it does not change before the transaction ends. Raises NotFound."""
    if (row := find_campaign(connection, slug, lock=lock)) is None:
        raise NotFound(f"no campaign {slug}", "slug")
    return row


def find_campaign(connection: Connection, slug: CampaignSlug, *, lock: bool = False) -> CampaignRow | None:
    """Find a campaign's row, if there is one."""
    query = _CAMPAIGN.where(campaigns.c.slug == slug)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else CampaignRow.from_row(row)


def list_campaigns(connection: Connection) -> list[CampaignRow]:
    """List all campaigns, newest first."""
    rows = connection.execute(_CAMPAIGN.order_by(campaigns.c.created_at.desc(), campaigns.c.slug))
    return [CampaignRow.from_row(row) for row in rows]


def load_states(connection: Connection, slugs: Iterable[str]) -> dict[str, tuple[CampaignState, int]]:
    """Load the state and epoch of each of these campaigns."""
    wanted = list(slugs)
    if not wanted:
        return {}
    rows = connection.execute(
        select(campaigns.c.slug, campaigns.c.state, campaigns.c.epoch).where(campaigns.c.slug.in_(wanted))
    )
    return {row.slug: (CampaignState(row.state), row.epoch) for row in rows}


class CampaignGate(NamedTuple):
    """What a campaign means for its mail at the send gate. `message` and `voice`: what it says now."""

    paused: bool = False
    epoch: int = 0
    called_off: bool = False
    """It was ended while paused: what it held back is not wanted any more."""
    ends_at: datetime | None = None
    message: str = ""
    voice: str = ""

    def is_over(self, now: datetime) -> bool:
        """Return whether no mail of it may leave any more."""
        return self.called_off or (self.ends_at is not None and now >= self.ends_at)


def load_gate(connection: Connection, slug: CampaignSlug) -> CampaignGate:
    """Load what the campaign means for its mail. The row is locked on PostgreSQL until the transaction ends, so that
    parking a mail holds only while the state does."""
    found = connection.execute(_LOCKED_CAMPAIGN, {"slug": slug}).one_or_none()
    if found is None:
        return CampaignGate()
    row = CampaignRow.from_row(found)
    # Only PAUSED holds mail, and a call-off drops it: decide here, and in may_queue, what a new state means for it.
    called_off = row.state is CampaignState.FINISHING or (row.state in OVER and row.overdue is Overdue.EXPIRE)
    paused = row.state is CampaignState.PAUSED
    return CampaignGate(paused, row.epoch, called_off, row.ends_at, row.spec.message, row.spec.voice)


def update_campaign(connection: Connection, slug: CampaignSlug, now: datetime, **values: Any) -> None:
    """Change columns of a campaign's row; `move_campaign` changes its state."""
    connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(updated_at=now, **values))


def move_campaign(connection: Connection, slug: CampaignSlug, to: CampaignState, now: datetime, **values: Any) -> bool:
    """Move a campaign to `to` if its state allows that, and return whether it moved. `values`: further columns."""
    statement = update(campaigns).where(campaigns.c.slug == slug, campaigns.c.state.in_(CAMPAIGN.list_sources(to)))
    moved = connection.execute(statement.values(state=to, updated_at=now, **values)).rowcount == 1
    if moved:
        _tell_state(connection, slug, to, now)
    return moved


def _tell_state(connection: Connection, slug: CampaignSlug, state: CampaignState, now: datetime) -> None:
    told = {"campaign": slug, "state": str(state)}
    push_messages(connection, [Announcement(WebhookType.CAMPAIGN_STATE, now, told)])


def count_progress(connection: Connection, slug: CampaignSlug) -> CampaignProgress:
    """Count where the campaign's clients and mails stand. Raises NotFound."""
    row = load_campaign(connection, slug)
    erased = row.erased or {}
    by_enrolment = _count_states(
        connection, enrolments.c.state, enrolments.c.campaign == slug, erased.get("enrolments", {})
    )
    by_mail = _count_states(connection, outreaches.c.state, outreaches.c.campaign == slug, erased.get("mails", {}))
    return CampaignProgress(
        slug=slug,
        state=row.state,
        epoch=row.epoch,
        enrolled=sum(by_enrolment.values()),
        pending=by_enrolment.get(EnrolmentState.WAITING, 0),
        under_way=sum(count for state, count in by_mail.items() if state not in SETTLED),
        sent=by_mail.get(OutreachState.SENT, 0),
        parked=by_mail.get(OutreachState.PARKED, 0),
        bounced=by_mail.get(OutreachState.BOUNCED, 0),
        complained=by_mail.get(OutreachState.COMPLAINED, 0),
        stopped=sum(by_mail.get(s, 0) for s in SETTLED - RETURNED if s is not OutreachState.SENT),
        dropped=by_enrolment.get(EnrolmentState.DROPPED, 0),
        held_out=by_enrolment.get(EnrolmentState.HELD_OUT, 0),
    )


def _count_states(connection: Connection, column: Any, where: Any, erased: Mapping[str, int]) -> Mapping[str, int]:
    """Count rows by state, including those of clients who were erased."""
    rows = connection.execute(select(column, func.count()).where(where).group_by(column))
    return Counter(erased) + Counter({row[0]: row[1] for row in rows})
