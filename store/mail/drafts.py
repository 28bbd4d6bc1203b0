"""Drafts at the desk: which wait, who works on them, and what was decided. Whether one waits is the ledger's to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, insert, or_, select, update

from models.base import CampaignSlug, ClientId
from models.drafts import DraftEditRecord, DraftStage, DraftVerdict, HoldReason
from models.states import OutreachState, TouchKind
from store.sql.bulk import insert_into
from store.sql.records import Record
from store.tables import clients, drafts, edits, outreaches

_MAIL: Final = and_(outreaches.c.client_id == drafts.c.client_id, outreaches.c.n == drafts.c.n)
WAITING: Final = outreaches.c.state == OutreachState.AWAITING_PERSON


@dataclass(frozen=True, slots=True)
class DraftRow(Record):
    """One draft at the desk, with the subject and the state of its mail."""

    client_id: ClientId
    n: int
    kind: TouchKind
    campaign: CampaignSlug | None
    why: HoldReason
    likeness: str
    stage: DraftStage
    since: datetime
    claimed_by: str
    claimed_until: datetime | None
    verdict: DraftVerdict | None
    reason: str
    decided_by: str
    decided_at: datetime | None
    state: OutreachState
    first_name: str | None
    subject: str = ""


_COLUMNS: Final = (
    *DraftRow.list_columns(drafts, outreaches, clients),
    outreaches.c.draft["subject"].as_string().label("subject"),
)


def _select_drafts() -> Select[Any]:
    of_client = clients.c.client_id == drafts.c.client_id
    return select(*_COLUMNS).select_from(drafts).join(outreaches, _MAIL).outerjoin(clients, of_client)


def open_draft(
    connection: Connection,
    client_id: ClientId,
    n: int,
    kind: TouchKind,
    campaign: CampaignSlug | None,
    why: HoldReason,
    likeness: str,
    now: datetime,
) -> None:
    """Put a mail on the desk; one that was there before, and was written again since, lies there anew."""
    row = {"client_id": client_id, "n": n, "kind": kind, "campaign": campaign, "why": why, "likeness": likeness}
    row |= {"stage": DraftStage.FRESH, "since": now, "claimed_by": "", "claimed_until": None}
    row |= {"verdict": None, "reason": "", "decided_by": "", "decided_at": None}
    anew = insert_into(connection, drafts).values(**row)
    connection.execute(anew.on_conflict_do_update(index_elements=["client_id", "n"], set_=row))


def count_held(connection: Connection, campaign: CampaignSlug | None, kind: TouchKind | None, since: datetime) -> int:
    """Count the mails that were held as a sample: of a campaign in all, or of a lifecycle's `kind` from `since` on."""
    of_campaign = drafts.c.campaign == campaign
    # Those before the lifecycle's mails were of campaigns count too.
    of_kind = and_(or_(drafts.c.campaign.is_(None), of_campaign), drafts.c.kind == kind, drafts.c.since > since)
    query = select(func.count()).where(drafts.c.why == HoldReason.SAMPLE, of_campaign if kind is None else of_kind)
    return connection.scalar(query) or 0


def find_draft(connection: Connection, client_id: ClientId, n: int, *, lock: bool = False) -> DraftRow | None:
    """Find a draft, whatever became of it; None when its mail never awaited a person. `lock`: nobody else changes it or
    its mail before the transaction ends."""
    query = _select_drafts().where(drafts.c.client_id == client_id, drafts.c.n == n)
    locked = query.with_for_update(of=(drafts, outreaches))
    row = connection.execute(locked if lock else query).one_or_none()
    return None if row is None else DraftRow.from_row(row)


def list_drafts(
    connection: Connection,
    *,
    waiting: bool,
    campaign: CampaignSlug = "",
    kind: TouchKind | None = None,
    why: HoldReason | None = None,
    limit: int = 100,
) -> list[DraftRow]:
    """List the drafts that wait, the longest first; or those that do not any more, the latest first."""
    query = _select_drafts().where(WAITING if waiting else ~WAITING)
    wanted = ((drafts.c.campaign, campaign), (drafts.c.kind, kind), (drafts.c.why, why))
    query = query.where(*(column == value for column, value in wanted if value))
    order = (drafts.c.since,) if waiting else (drafts.c.since.desc(),)
    rows = connection.execute(query.order_by(*order, drafts.c.client_id, drafts.c.n).limit(limit))
    return [DraftRow.from_row(row) for row in rows]


def count_waiting(connection: Connection) -> dict[DraftStage, int]:
    """Count the drafts that wait, by stage."""
    query = (
        select(drafts.c.stage, func.count().label("waiting"))
        .join(outreaches, _MAIL)
        .where(WAITING)
        .group_by(drafts.c.stage)
    )
    return {DraftStage(row.stage): row.waiting for row in connection.execute(query)}


def count_alike(connection: Connection) -> dict[tuple[str | None, str, str], int]:
    """Count the drafts that wait by campaign, kind and likeness."""
    keys = (drafts.c.campaign, drafts.c.kind, drafts.c.likeness)
    query = select(*keys, func.count().label("waiting")).join(outreaches, _MAIL).where(WAITING).group_by(*keys)
    return {(row.campaign, row.kind, row.likeness): row.waiting for row in connection.execute(query)}


def list_alike(connection: Connection, row: DraftRow) -> list[DraftRow]:
    """List the drafts that wait and are alike `row`: of its campaign, kind and text, in the order of their keys."""
    same = drafts.c.campaign.is_(None) if row.campaign is None else drafts.c.campaign == row.campaign
    query = _select_drafts().where(WAITING, same, drafts.c.kind == row.kind, drafts.c.likeness == row.likeness)
    rows = connection.execute(query.order_by(drafts.c.client_id, drafts.c.n))
    return [DraftRow.from_row(found) for found in rows]


def claim_draft(
    connection: Connection, client_id: ClientId, n: int, by: str, until: datetime, real_now: datetime
) -> bool:
    """Claim a draft until `until` unless somebody else has it; return whether it is claimed by `by` now."""
    free = or_(drafts.c.claimed_by.in_(("", by)), drafts.c.claimed_until.is_(None), drafts.c.claimed_until <= real_now)
    claim = update(drafts).where(drafts.c.client_id == client_id, drafts.c.n == n, free)
    return connection.execute(claim.values(claimed_by=by, claimed_until=until)).rowcount == 1


def release_draft(connection: Connection, client_id: ClientId, n: int, by: str) -> bool:
    """Give up a claim, and return whether `by` held it."""
    own = update(drafts).where(drafts.c.client_id == client_id, drafts.c.n == n, drafts.c.claimed_by == by)
    return connection.execute(own.values(claimed_by="", claimed_until=None)).rowcount == 1


def settle_draft(
    connection: Connection,
    client_id: ClientId,
    n: int,
    verdict: DraftVerdict,
    by: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Record who decided, when and why; the first decision stays."""
    first = update(drafts).where(drafts.c.client_id == client_id, drafts.c.n == n, drafts.c.verdict.is_(None))
    values = {"verdict": verdict, "decided_by": by, "decided_at": now, "reason": reason}
    connection.execute(first.values(claimed_by="", claimed_until=None, **values))


def raise_stage(connection: Connection, client_id: ClientId, n: int, stage: DraftStage) -> bool:
    """Raise the stage of a draft, and return whether it stood at another."""
    other = update(drafts).where(drafts.c.client_id == client_id, drafts.c.n == n, drafts.c.stage != stage)
    return connection.execute(other.values(stage=stage)).rowcount == 1


def save_edit(
    connection: Connection,
    edit_id: str,
    client_id: ClientId,
    n: int,
    sealed: dict[str, Any],
    likeness: str,
    by: str,
    now: datetime,
) -> bool:
    """Save a person's edit and make it the mail's text while the mail awaits a person; return whether it does.

    `sealed`: the columns that `domain.grounding.seal_draft` builds.
    """
    own = and_(outreaches.c.client_id == client_id, outreaches.c.n == n)
    changed = connection.execute(update(outreaches).where(own, WAITING).values(**sealed, composed_by="person"))
    if changed.rowcount != 1:
        return False
    connection.execute(insert(edits).values(id=edit_id, client_id=client_id, n=n, draft=sealed["draft"], by=by, at=now))
    connection.execute(update(drafts).where(drafts.c.client_id == client_id, drafts.c.n == n).values(likeness=likeness))
    return True


def list_edits(connection: Connection, client_id: ClientId, n: int) -> Sequence[DraftEditRecord]:
    """List who edited a draft and when, the first edit first."""
    query = select(edits.c.by, edits.c.at).where(edits.c.client_id == client_id, edits.c.n == n)
    return [DraftEditRecord(by=row.by, at=row.at) for row in connection.execute(query.order_by(edits.c.at))]
