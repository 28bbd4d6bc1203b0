"""One client's profile, from what is kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from domain.profiles import CATEGORY, COLOUR, STYLE, Taste, likings
from errors import NotFound
from models.base import ClientId
from models.profiles import Demographics, Interaction, Liked, Profile, Wish, Worn
from store.clients.preferences import taste_of
from store.tables import clients, events, items

LATEST: Final = 50
WISHES: Final = 200


def profile(connection: Connection, client_id: ClientId, now: datetime) -> Profile:
    """The profile at `now`. Raises NotFound."""
    row = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
    quiz = row.quiz or {}
    said = {STYLE: quiz.get("styles", ()), COLOUR: quiz.get("colours", ()), CATEGORY: quiz.get("categories", ())}
    taste, at = taste_of(connection, client_id, now), now.timestamp()
    return Profile(
        client_id=client_id,
        as_of=now,
        demographics=Demographics(
            first_name=row.first_name,
            locale=row.locale,
            time_zone=row.time_zone,
            signed_up_at=row.signed_up_at,
            tags=tuple(row.tags),
        ),
        style_tags=_liked(taste, said, STYLE, at),
        colours=_liked(taste, said, COLOUR, at),
        categories=_liked(taste, said, CATEGORY, at),
        sizes=_sizes(connection, client_id, [*row.sizes, *quiz.get("sizes", ())], now),
        budget_cents=quiz.get("budget_cents"),
        wishlist=_wishlist(connection, client_id, now),
        counts=_counts(connection, client_id, now),
        latest=_latest(connection, client_id, now),
    )


def _liked(taste: Taste, said: dict[str, Sequence[str]], about: str, now: float) -> tuple[Liked, ...]:
    return tuple(
        Liked.model_validate({"name": word, "strength": strength, "source": source})
        for word, strength, source in likings(taste, said, about, now)
    )


def _sizes(connection: Connection, client_id: ClientId, stated: list[str], now: datetime) -> tuple[Worn, ...]:
    """Those stated, then those that were sent, with how they fitted."""
    e = events.c
    sent = (
        select(e.data, items.c.category)
        .outerjoin(items, items.c.item_id == e.item_id)
        .where(e.client_id == client_id, e.type == "fix_feedback", e.occurred_at <= now)
    )
    fits: dict[tuple[str, str], Counter[str]] = {}
    for data, category in connection.execute(sent):
        if data and data.get("size") and data.get("fit"):
            fits.setdefault((category or "", data["size"]), Counter())[data["fit"]] += 1
    seen = [
        Worn(size=size, category=category, source="seen", fitted=n["fit"], too_small=n["small"], too_large=n["large"])
        for (category, size), n in sorted(fits.items())
    ]
    return (*(Worn(size=size, source="said") for size in dict.fromkeys(stated)), *seen)


def _wishlist(connection: Connection, client_id: ClientId, now: datetime) -> tuple[Wish, ...]:
    """What was wished for and not bought since, newest first."""
    e = events.c
    rows = connection.execute(
        select(e.item_id, e.type, func.max(e.occurred_at).label("at"))
        .where(e.client_id == client_id, e.type.in_(["wishlisted", "order_placed"]), e.occurred_at <= now)
        .where(e.item_id.is_not(None))
        .group_by(e.item_id, e.type)
    ).all()
    bought = {row.item_id: row.at for row in rows if row.type == "order_placed"}
    wished = [row for row in rows if row.type == "wishlisted" and not (bought.get(row.item_id) or row.at) > row.at]
    newest = sorted(wished, key=lambda row: (row.at, row.item_id), reverse=True)[:WISHES]
    return tuple(Wish(item_id=row.item_id, at=row.at) for row in newest)


def _counts(connection: Connection, client_id: ClientId, now: datetime) -> dict[str, int]:
    e = events.c
    counted: Any = select(e.type, func.count()).where(e.client_id == client_id, e.occurred_at <= now).group_by(e.type)
    return dict(sorted((kind, number) for kind, number in connection.execute(counted)))


def _latest(connection: Connection, client_id: ClientId, now: datetime) -> tuple[Interaction, ...]:
    e = events.c
    query = (
        select(e.type, e.occurred_at.label("at"), e.item_id, e.value_cents)
        .where(e.client_id == client_id, e.occurred_at <= now)
        .order_by(e.occurred_at.desc(), e.event_id.desc())
        .limit(LATEST)
    )
    return tuple(Interaction(**row._asdict()) for row in connection.execute(query))
