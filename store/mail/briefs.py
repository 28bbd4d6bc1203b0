"""What the store knows of clients and a campaign for briefs.

It is read for every mail, so it takes few statements, however many clients they are about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, case, func, or_, select

from domain.consent import is_personal
from domain.facts import ClientEvent, History
from domain.review_policy import NONE
from models.base import CampaignSlug, ClientId
from models.mail import Autonomy
from store.sql.bulk import give, match_given
from store.sql.types import UtcTime
from store.tables import campaigns, clients, events, items

ORDERS_READ: Final = 120
"""Order lines, returns and feedback read of one client."""
_LOOKS: Final = ("wishlisted", "item_viewed")
LOOKS_READ: Final = 3
"""Wishes, and views, read of one client."""
BOUGHT: Final = ("order_placed", "order_returned", "fix_feedback")


class ClientRecord(NamedTuple):
    """The client's name as stored, and the client's own record as the beginning of a history. `personal`: whether a
    mail may tell of what they did and like; False: they refused personalisation."""

    first_name: str
    history: History
    personal: bool = True


def load_records(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, ClientRecord]:
    """Load the records of these clients; those that there are not are left out."""
    rows = connection.execute(_select_clients(connection.dialect.name), give(connection, client_ids))
    return {row.client_id: _build_record(row) for row in rows}


def _build_record(row: Row[Any]) -> ClientRecord:
    personal = is_personal(row.purposes or {})
    quiz = (row.quiz or {}) if personal else {}
    history = History(
        signed_up_at=row.signed_up_at,
        zone=row.time_zone,
        locale=row.locale,
        sizes=tuple(row.sizes or ()) or tuple(quiz.get("sizes", ())),
        quiz_styles=tuple(quiz.get("styles", ())),
        quiz_colours=tuple(quiz.get("colours", ())),
    )
    return ClientRecord(row.first_name, history, personal)


def load_events(
    connection: Connection, client_ids: Iterable[ClientId], until: datetime
) -> dict[ClientId, list[ClientEvent]]:
    """Load of each client the latest orders, returns and feedback, at most ORDERS_READ, and the latest wishes and
    views, the latest first, in one statement. Clients without any are left out."""
    given = give(connection, client_ids) | {"until": until}
    found: dict[ClientId, list[ClientEvent]] = defaultdict(list)
    for row in connection.execute(_select_events(connection.dialect.name), given):
        found[row.client_id].append(_parse_event(row))
    return dict(found)


def load_campaign_text(connection: Connection, slug: CampaignSlug) -> tuple[str, str]:
    """Load the voice and the message of a campaign."""
    spec = _load_spec(connection, slug)
    return str(spec.get("voice", "")), str(spec.get("message", ""))


def load_review_policy(connection: Connection, slug: CampaignSlug) -> str:
    """Load which mails of a campaign a person lets out."""
    return str(_load_spec(connection, slug).get("review", NONE))


def _load_spec(connection: Connection, slug: CampaignSlug) -> dict[str, Any]:
    return connection.scalar(select(campaigns.c.spec).where(campaigns.c.slug == slug)) or {}


def load_autonomy(connection: Connection, slug: CampaignSlug) -> Autonomy | None:
    """Load how free the writer of a campaign's mails is; None where the campaign does not say."""
    level = _load_spec(connection, slug).get("autonomy")
    return Autonomy(level) if level else None


# Built once: they run for every mail, and building them takes longer than running them.
@cache
def _select_clients(dialect: str) -> Select[Any]:
    c = clients.c
    columns = (c.client_id, c.first_name, c.locale, c.time_zone, c.signed_up_at, c.sizes, c.quiz, c.purposes)
    return select(*columns).where(match_given(dialect, c.client_id))


@cache
def _select_events(dialect: str) -> Select[Any]:
    e = events.c
    kind = case(*((e.type == look, look) for look in _LOOKS), else_="bought")
    place = func.row_number().over(partition_by=(e.client_id, kind), order_by=e.occurred_at.desc())
    latest = (
        select(
            *(e.client_id, e.type, e.occurred_at, e.item_id, e.data),
            *(kind.label("kind"), place.label("place")),
        )
        .where(
            match_given(dialect, e.client_id),
            e.occurred_at <= bindparam("until", type_=UtcTime()),
            or_(*(e.type == type_ for type_ in (*BOUGHT, *_LOOKS))),
        )
        .subquery()
    )
    most = case((latest.c.kind == "bought", ORDERS_READ), else_=LOOKS_READ)
    return (
        select(latest, items.c.title, items.c.category, items.c.colour)
        .outerjoin(items, items.c.item_id == latest.c.item_id)
        .where(latest.c.place <= most)
        .order_by(latest.c.client_id, latest.c.occurred_at.desc())
    )


def _parse_event(row: Row[Any]) -> ClientEvent:
    data = row.data or {}
    return ClientEvent(
        type=row.type,
        at=row.occurred_at,
        item_id=row.item_id,
        title=row.title or "",
        category=row.category or "",
        colour=row.colour or "",
        order=data.get("order_id") or "",
        kept=bool(data.get("kept")),
        note=data.get("note") or "",
    )
