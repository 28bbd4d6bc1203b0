"""The versions of campaigns: what each does, who approved it, and which one runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, cast

from sqlalchemy import Connection, Select, func, insert, select, update

from domain.journeys.places import JourneyVersions
from domain.states import VERSION
from errors import NotFound
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition
from models.states import CampaignState, VersionState
from store.sql.records import Record
from store.tables import campaign_versions, campaigns


@dataclass(frozen=True, slots=True)
class VersionRow(Record):
    """One version of a campaign. `takeover`: whether those in an older one stay with theirs or move; `moves`: where
    those go whose step is no more."""

    slug: CampaignSlug
    version: int
    definition: CampaignDefinition
    digest: str
    state: VersionState
    takeover: str
    moves: dict[str, Any]
    start_at: datetime | None
    created_at: datetime
    created_by: str
    submitted_by: str
    decided_by: str
    updated_at: datetime


_VERSION: Final = select(*VersionRow.list_columns(campaign_versions))
_v: Final = campaign_versions.c


def compute_digest(definition: CampaignDefinition) -> str:
    """Compute the digest of a definition: the same for the same meaning, however it was written."""
    text = json.dumps(definition.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def insert_version(connection: Connection, definition: CampaignDefinition, by: str, now: datetime) -> VersionRow:
    """Add the next version of a campaign, as a draft."""
    slug = definition.slug
    newest = connection.scalar(select(func.max(_v.version)).where(_v.slug == slug)) or 0
    row = {"slug": slug, "version": newest + 1, "definition": definition.model_dump(mode="json")}
    row |= {"digest": compute_digest(definition), "state": VersionState.DRAFT, "takeover": "stay", "moves": {}}
    row |= {"created_at": now, "created_by": by, "submitted_by": "", "decided_by": "", "updated_at": now}
    connection.execute(insert(campaign_versions), row)
    return load_version(connection, slug, newest + 1)


def list_versions(connection: Connection, slug: CampaignSlug) -> list[VersionRow]:
    """List the versions of a campaign, the newest first."""
    rows = connection.execute(_VERSION.where(_v.slug == slug).order_by(_v.version.desc()))
    return [VersionRow.from_row(row) for row in rows]


def find_newest(connection: Connection, slug: CampaignSlug) -> VersionRow | None:
    """Find the newest version of a campaign."""
    row = connection.execute(_VERSION.where(_v.slug == slug).order_by(_v.version.desc()).limit(1)).one_or_none()
    return None if row is None else VersionRow.from_row(row)


def load_version(connection: Connection, slug: CampaignSlug, version: int | None = None) -> VersionRow:
    """Load a version, the newest where none is named. Raises NotFound."""
    if version is None:
        found = find_newest(connection, slug)
    else:
        row = connection.execute(_VERSION.where(_v.slug == slug, _v.version == version)).one_or_none()
        found = None if row is None else VersionRow.from_row(row)
    if found is None:
        named = f"no version {version} of {slug}" if version is not None else f"{slug} has no definition of steps"
        raise NotFound(named, "slug")
    return found


def move_version(connection: Connection, row: VersionRow, to: VersionState, now: datetime, **values: Any) -> bool:
    """Move a version to `to` if its state allows that, and return whether it moved."""
    statement = update(campaign_versions).where(
        _v.slug == row.slug, _v.version == row.version, _v.state.in_(VERSION.list_sources(to))
    )
    return connection.execute(statement.values(state=to, updated_at=now, **values)).rowcount == 1


def set_start(connection: Connection, row: VersionRow, start_at: datetime | None, now: datetime) -> None:
    """Set when a version starts by itself."""
    statement = update(campaign_versions).where(_v.slug == row.slug, _v.version == row.version)
    connection.execute(statement.values(start_at=start_at, updated_at=now))


@cache  # building it takes longer than running it, and each batch of events asks
def _select_journeys(states: frozenset[CampaignState]) -> Select[Any]:
    query = (
        select(_v.slug, _v.version, _v.definition, _v.takeover, _v.moves, campaigns.c.version.label("current"))
        .join(campaigns, campaigns.c.slug == _v.slug)
        .where(campaigns.c.version.is_not(None), _v.state == VersionState.LIVE)
    )
    if states:
        query = query.where(campaigns.c.state.in_(sorted(states)))
    return query.order_by(_v.slug, _v.version)


def load_journeys(
    connection: Connection, slugs: Iterable[CampaignSlug] | None = None, states: Iterable[CampaignState] = ()
) -> dict[CampaignSlug, JourneyVersions]:
    """Load the versions by which clients go, of these campaigns or of all in these states."""
    query = _select_journeys(frozenset(states))
    if slugs is not None:
        query = query.where(_v.slug.in_(sorted(slugs)))
    found: dict[CampaignSlug, JourneyVersions] = {}
    for row in connection.execute(query):
        before = found.get(row.slug)
        definitions = dict(before.definitions) if before else {}
        definitions[row.version] = CampaignDefinition.model_validate(row.definition)
        takeover = cast(Literal["stay", "move"], row.takeover)
        found[row.slug] = JourneyVersions(definitions, row.current, takeover, row.moves or {})
    return found
