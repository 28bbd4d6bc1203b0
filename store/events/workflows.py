"""Which workflows should run by what is stored, and which of them a worker did not find."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, String, delete, exists, func, literal, or_, select

from domain.fixes.states import SETTLED as SETTLED_FIXES
from domain.outreach import SETTLED as SETTLED_MAILS
from models.base import CampaignSlug, ClientId
from models.fixes import FixId
from models.states import CampaignState, HoldSource, Phase, TouchKind
from store.sql.bulk import insert_ignoring
from store.sql.records import Record
from store.tables import campaigns, clients, fixes, holds, lost_workflows, outbox, outreaches, standings

CHUNK: Final = 500
OPEN_CAMPAIGNS: Final = (
    CampaignState.SCHEDULED,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.FINISHING,
)
_DUE: Final = outbox.alias("due")


def _is_asked_for(kind: str, target: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether a nudge waits that would start it."""
    return exists().where(_DUE.c.kind == kind, _DUE.c.target == target)


def _expect_clients() -> Select[str]:
    return (
        select(standings.c.client_id)
        .join(clients, clients.c.client_id == standings.c.client_id)
        .where(standings.c.phase != Phase.ERASED, ~_is_asked_for("client", standings.c.client_id))
    )


def count_expected_clients(connection: Connection) -> int:
    """Count the clients whose workflow should run: they were assessed before, and no start of theirs waits."""
    return connection.scalar(select(func.count()).select_from(_expect_clients().subquery())) or 0


def list_expected_clients(connection: Connection) -> Sequence[ClientId]:
    """List them."""
    return connection.scalars(_expect_clients()).all()


def is_expected(connection: Connection, client_id: ClientId) -> bool:
    """Return whether this client's workflow should run."""
    return connection.scalar(_expect_clients().where(standings.c.client_id == client_id)) is not None


def list_expected_campaigns(connection: Connection) -> Sequence[CampaignSlug]:
    """List the campaigns whose workflow should run."""
    c = campaigns.c
    # The workflow of a sequence of the lifecycle is asked for by the first worker, not at its installation.
    begun = or_(c.sequence.is_(None), c.looked_at.is_not(None))
    query = select(c.slug).where(c.state.in_(OPEN_CAMPAIGNS), begun, ~_is_asked_for("campaign", c.slug))
    return connection.scalars(query).all()


def list_expected_fixes(connection: Connection) -> Sequence[tuple[FixId, ClientId]]:
    """List the Fixes whose workflow should run, with their clients."""
    f = fixes.c
    rows = connection.execute(select(f.fix_id, f.client_id).where(f.state.not_in(SETTLED_FIXES)))
    return [(row.fix_id, row.client_id) for row in rows]


def list_expected_erasures(connection: Connection) -> Sequence[ClientId]:
    """List the clients who wait for their erasure."""
    h = holds.c
    query = select(h.client_id).where(h.source == HoldSource.ERASURE, ~_is_asked_for("erasure", h.client_id))
    return connection.scalars(query).all()


@dataclass(frozen=True, slots=True)
class UnsettledMail(Record):
    """A mail that has not settled, so that its workflow should run."""

    client_id: ClientId
    n: int
    kind: TouchKind
    campaign: CampaignSlug | None


def list_expected_mails(connection: Connection) -> list[UnsettledMail]:
    """List the mails whose workflow should run."""
    query = select(*UnsettledMail.list_columns(outreaches)).where(outreaches.c.state.not_in(SETTLED_MAILS))
    return [UnsettledMail.from_row(row) for row in connection.execute(query)]


LATE: Final = timedelta(hours=1)
AHEAD: Final = timedelta(minutes=10)


def list_misplaced_clients(connection: Connection, now: datetime, late: timedelta = LATE) -> Sequence[ClientId]:
    """List the clients whose next look is overdue, or who were assessed at a moment that has not come yet: by a clock
    that was ahead. Times are business time."""
    s = standings.c
    misplaced = or_(s.wake_at < now - late, s.assessed_at > now + AHEAD)
    return connection.scalars(_expect_clients().where(misplaced)).all()


@dataclass(frozen=True, slots=True)
class LostWorkflow(Record):
    """A workflow that should run and does not, as a worker found it at the real moment `since`."""

    workflow_id: str
    client_id: ClientId | None
    since: datetime
    how: str


def save_lost(connection: Connection, lost: Iterable[tuple[str, ClientId | None]], how: str, real_now: datetime) -> int:
    """Save that these workflows do not run, with the client of each, and return how many of them are news."""
    rows = [{"workflow_id": id_, "client_id": client, "since": real_now, "how": how} for id_, client in lost]
    return sum(
        insert_ignoring(connection, lost_workflows, rows[begin : begin + CHUNK]) for begin in range(0, len(rows), CHUNK)
    )


def forget_lost(connection: Connection, workflow_ids: Collection[str]) -> None:
    """Save that these run again, or need not."""
    ids = sorted(workflow_ids)
    for begin in range(0, len(ids), CHUNK):
        part = lost_workflows.c.workflow_id.in_(ids[begin : begin + CHUNK])
        connection.execute(delete(lost_workflows).where(part))


def list_lost(connection: Connection) -> list[LostWorkflow]:
    """List what does not run and should."""
    query = select(*LostWorkflow.list_columns(lost_workflows)).order_by(lost_workflows.c.since)
    return [LostWorkflow.from_row(row) for row in connection.execute(query)]


def count_lost(connection: Connection) -> int:
    """Count what does not run, should, and was not asked for again."""
    client = func.coalesce(lost_workflows.c.client_id, literal("", String))
    asked = _is_asked_for("client", client) & (lost_workflows.c.workflow_id == literal("client:", String) + client)
    return connection.scalar(select(func.count()).select_from(lost_workflows).where(~asked)) or 0


def find_lost(connection: Connection, workflow_id: str) -> LostWorkflow | None:
    """Find since when a workflow does not run; None where it does, or nobody has found out."""
    query = select(*LostWorkflow.list_columns(lost_workflows)).where(lost_workflows.c.workflow_id == workflow_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else LostWorkflow.from_row(row)
