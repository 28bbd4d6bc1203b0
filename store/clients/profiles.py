"""One client's profile, from what is stored of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from domain.profiles import CATEGORY, COLOUR, STYLE, PreferenceSums, rank_preferences
from errors import NotFound
from models.base import ClientId
from models.profiles import Demographics, KnownSize, Preference, Profile, ProfileEvent, Wish
from store.clients.preferences import load_preferences
from store.tables import clients, events, items

LATEST: Final = 50
WISHES: Final = 200


def load_profile(connection: Connection, client_id: ClientId, now: datetime) -> Profile:
    """Load the profile at `now`. Raises NotFound."""
    row = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if row is None:
        raise NotFound("no client has this id", "client_id")
    quiz = row.quiz or {}
    answers = {STYLE: quiz.get("styles", ()), COLOUR: quiz.get("colours", ()), CATEGORY: quiz.get("categories", ())}
    preferences, at = load_preferences(connection, client_id, now), now.timestamp()
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
        style_tags=_build_preferences(preferences, answers, STYLE, at),
        colours=_build_preferences(preferences, answers, COLOUR, at),
        categories=_build_preferences(preferences, answers, CATEGORY, at),
        sizes=_load_sizes(connection, client_id, [*row.sizes, *quiz.get("sizes", ())], now),
        budget_cents=quiz.get("budget_cents"),
        wishlist=_load_wishlist(connection, client_id, now),
        counts=_count_events(connection, client_id, now),
        latest=_load_latest(connection, client_id, now),
    )


def _build_preferences(
    preferences: PreferenceSums, answers: dict[str, Sequence[str]], about: str, now: float
) -> tuple[Preference, ...]:
    return tuple(
        Preference.model_validate({"name": word, "strength": strength, "source": source})
        for word, strength, source in rank_preferences(preferences, answers, about, now)
    )


def _load_sizes(connection: Connection, client_id: ClientId, named: list[str], now: datetime) -> tuple[KnownSize, ...]:
    """Load the sizes that the client named, then those that were sent, with how they fitted."""
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
    worn = [
        KnownSize(
            size=size, category=category, source="seen", fitted=n["fit"], too_small=n["small"], too_large=n["large"]
        )
        for (category, size), n in sorted(fits.items())
    ]
    return (*(KnownSize(size=size, source="said") for size in dict.fromkeys(named)), *worn)


def _load_wishlist(connection: Connection, client_id: ClientId, now: datetime) -> tuple[Wish, ...]:
    """Load what was wished for and not bought since, newest first."""
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


def _count_events(connection: Connection, client_id: ClientId, now: datetime) -> dict[str, int]:
    e = events.c
    query: Any = select(e.type, func.count()).where(e.client_id == client_id, e.occurred_at <= now).group_by(e.type)
    return dict(sorted((kind, number) for kind, number in connection.execute(query)))


def _load_latest(connection: Connection, client_id: ClientId, now: datetime) -> tuple[ProfileEvent, ...]:
    e = events.c
    query = (
        select(e.type, e.occurred_at.label("at"), e.item_id, e.value_cents)
        .where(e.client_id == client_id, e.occurred_at <= now)
        .order_by(e.occurred_at.desc(), e.event_id.desc())
        .limit(LATEST)
    )
    return tuple(ProfileEvent(**row._asdict()) for row in connection.execute(query))
