"""What the store knows of a client and a campaign for a brief.

It is read for every mail, so it takes three small queries at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, or_, select, union_all

from domain.consent import is_personal
from domain.facts import ClientEvent, History
from domain.review_policy import NONE
from errors import NotFound
from models.base import CampaignSlug, ClientId
from models.mail import Autonomy
from store.sql.types import UtcTime
from store.tables import campaigns, clients, events, items

ORDERS_READ: Final = 120
"""Order lines, returns and feedback read of one client."""
BOUGHT: Final = ("order_placed", "order_returned", "fix_feedback")


class ClientRecord(NamedTuple):
    """The client's name as stored, and the client's own record as the beginning of a history. `personal`: whether a
    mail may tell of what they did and like; False: they refused personalisation."""

    first_name: str
    history: History
    personal: bool = True


def load_record(connection: Connection, client_id: ClientId) -> ClientRecord:
    """Load the client's record. Raises NotFound."""
    row = connection.execute(_CLIENT_QUERY, {"client": client_id}).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
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


def load_events(connection: Connection, client_id: ClientId, until: datetime) -> Sequence[ClientEvent]:
    """Load the latest orders, returns and feedback, at most ORDERS_READ, and the latest wishes and views, the latest
    first, in one statement."""
    rows = connection.execute(_EVENTS_QUERY, {"client": client_id, "until": until})
    return [_parse_event(row) for row in rows]


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


def _select_latest(limit: int, *types: str) -> Select[Any]:
    latest = (
        select(events.c.type, events.c.occurred_at, events.c.item_id, events.c.data)
        .where(
            events.c.client_id == bindparam("client"),
            events.c.occurred_at <= bindparam("until", type_=UtcTime()),
            or_(*(events.c.type == type_ for type_ in types)),
        )
        .order_by(events.c.occurred_at.desc())
        .limit(limit)
        .subquery()
    )
    return select(latest)


def _build_events_query() -> Select[Any]:
    latest = (_select_latest(ORDERS_READ, *BOUGHT), _select_latest(3, "wishlisted"), _select_latest(3, "item_viewed"))
    activity = union_all(*latest).subquery()
    return (
        select(activity, items.c.title, items.c.category, items.c.colour)
        .outerjoin(items, items.c.item_id == activity.c.item_id)
        .order_by(activity.c.occurred_at.desc())
    )


# Built once: they run for every mail, and building them takes longer than running them.
_EVENTS_QUERY: Final = _build_events_query()
_CLIENT_QUERY: Final = select(
    clients.c.first_name,
    clients.c.locale,
    clients.c.time_zone,
    clients.c.signed_up_at,
    clients.c.sizes,
    clients.c.quiz,
    clients.c.purposes,
).where(clients.c.client_id == bindparam("client"))


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
