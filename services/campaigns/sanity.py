"""Refuse a campaign that cannot be meant: a tag that nobody carries, an end that has passed, nobody in its audience."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Connection

from domain.campaign_life import compute_end
from domain.enrolment import is_in_audience
from errors import BadInput
from models.campaign import CampaignSpec
from store.campaigns import enrolments
from store.clients.tags import list_tags

BATCH = 10_000


def require_meant(connection: Connection, spec: CampaignSpec, now: datetime, *, even_if_empty: bool) -> None:
    """Require that a new campaign can be meant. `even_if_empty`: those who join its audience are waited for.

    Raises: BadInput naming the field.
    """
    require_future_end(compute_end(spec, now), now)
    if even_if_empty:
        return
    if spec.audience.tags:
        _require_carried(connection, spec)
    if not _has_anybody(connection, spec, now):
        raise BadInput("nobody is in it now; --even-if-empty waits for those who join it", "audience")


def require_future_end(ends_at: datetime | None, now: datetime) -> None:
    """Require that an end lies ahead. Raises BadInput."""
    if ends_at is not None and ends_at <= now:
        raise BadInput(f"{ends_at:%Y-%m-%d %H:%M} UTC has passed: it is {now:%Y-%m-%d %H:%M} UTC", "ends_at")


def _require_carried(connection: Connection, spec: CampaignSpec) -> None:
    known = list_tags(connection)
    for tag in spec.audience.tags:
        if tag not in known:
            near = get_close_matches(tag, known, 1, 0.6)
            meant = f"; {near[0]!r} is the nearest" if near else ""
            raise BadInput(f"no client carries the tag {tag!r}{meant}; --even-if-empty waits for one", "tags")


def _has_anybody(connection: Connection, spec: CampaignSpec, now: datetime) -> bool:
    cursor = ""
    while page := enrolments.list_audience(connection, spec.audience, now, cursor, BATCH):
        if any(is_in_audience(spec, member) for member in page):
            return True
        cursor = page[-1].client_id
    return False
