"""The brief of one mail: facts about the client, the picked items and the campaign's message.

It is built for every mail, so it takes four small queries at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, or_, select, union_all

from domain.facts import ClientEvent, History, build_history, state_facts
from domain.text_rules import clean_quote, clean_title
from domain.wording import clean_name, normalise
from errors import NotFound
from models.base import CampaignSlug, ClientId, ItemId
from models.mail import Brief, BriefItem, Pick
from settings import Settings
from store.mail.ledger import LedgerRow
from store.sql.types import UtcTime
from store.tables import campaigns, clients, events, items

ORDERS_READ: Final = 120
"""Order lines, returns and feedback read of one client; with more, facts state no counts."""
_BOUGHT: Final = ("order_placed", "order_returned", "fix_feedback")
NOTES: Final = 3
"""Notes of the client's own that a writer sees."""


def build_brief(
    connection: Connection,
    row: LedgerRow,
    picks: Sequence[Pick],
    settings: Settings,
    now: datetime,
    why: Mapping[ItemId, str] | None = None,
) -> Brief:
    """Build the brief of the mail in ledger row `row`, true at `now`. `why`: reasons for picks, in words.

    Raises NotFound for a client that is not there.
    """
    client, profile = _load_client(connection, row.client_id)
    deeds = _load_events(connection, row.client_id, now)
    bought = [d for d in deeds if d.type in _BOUGHT]
    history = build_history(profile, map(_parse_event, deeds), now, complete=len(bought) < ORDERS_READ)
    picked = _load_picked(connection, [pick.item_id for pick in picks])
    history = history.model_copy(update={"arrived": _find_new_arrival(picked, history, now)})
    voice, message = _load_campaign_text(connection, row.campaign) if row.campaign else ("", "")
    return Brief(
        client_id=row.client_id,
        n=row.n,
        kind=row.kind,
        phase=row.phase,
        assessment_id=row.assessment_id,
        score=row.score,
        first_name=clean_name(client.first_name),
        locale=client.locale,
        shop_name=settings.shop_name,
        voice=voice or settings.shop_voice,
        message=normalise(message),
        facts=state_facts(history, now),
        items=tuple(build_item(item, (why or {}).get(item.item_id, "")) for item in picked),
        client_words=tuple(d.data["note"] for d in bought if d.data and d.data.get("note"))[:NOTES],
    )


def _load_client(connection: Connection, client_id: ClientId) -> tuple[Any, History]:
    row = connection.execute(_CLIENT_QUERY, {"client": client_id}).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
    quiz = row.quiz or {}
    return row, History(
        signed_up_at=row.signed_up_at,
        zone=row.time_zone,
        locale=row.locale,
        sizes=tuple(row.sizes or ()) or tuple(quiz.get("sizes", ())),
        quiz_styles=tuple(quiz.get("styles", ())),
        quiz_colours=tuple(quiz.get("colours", ())),
    )


def _load_events(connection: Connection, client_id: ClientId, now: datetime) -> Sequence[Row[Any]]:
    """Load the latest orders, returns and feedback, and the latest wishes and views, in one statement."""
    return connection.execute(_EVENTS_QUERY, {"client": client_id, "until": now}).all()


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
    latest = (_select_latest(ORDERS_READ, *_BOUGHT), _select_latest(3, "wishlisted"), _select_latest(3, "item_viewed"))
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
    )


def _load_picked(connection: Connection, item_ids: Sequence[ItemId]) -> list[Any]:
    """Load the picked items in their order; those that left the catalogue are left out."""
    if not item_ids:
        return []
    i = items.c
    columns = (i.item_id, i.title, i.category, i.brand, i.colour, i.tags, i.added_at)
    rows = {row.item_id: row for row in connection.execute(select(*columns).where(i.item_id.in_(item_ids)))}
    return [rows[item_id] for item_id in item_ids if item_id in rows]


def _find_new_arrival(picked: Sequence[Any], history: History, now: datetime) -> str | None:
    """Find a picked item that came into the catalogue after the client's last order."""
    since = history.last_order_at
    return next((row.title for row in picked if since and since < row.added_at <= now), None)


def build_item(item: Any, why: str) -> BriefItem:
    """Build the item with quotable words only; a title that may not be quoted gives way to its category."""
    category = clean_quote(item.category) or "piece"
    return BriefItem(
        item_id=item.item_id,
        title=clean_title(item.title) or category,
        category=category,
        brand=clean_title(item.brand),
        colour=clean_quote(item.colour),
        tags=tuple(tag for tag in map(clean_quote, item.tags or ()) if tag),
        why=clean_quote(why),
    )


def _load_campaign_text(connection: Connection, slug: CampaignSlug) -> tuple[str, str]:
    spec = connection.scalar(select(campaigns.c.spec).where(campaigns.c.slug == slug)) or {}
    return str(spec.get("voice", "")), str(spec.get("message", ""))
