"""The items of a mail whose campaign names some: those first, then what the ranking picks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from models.base import ItemId
from models.journey_steps import MailContent
from models.mail import Pick
from services.recommendations.recommender import Recommender
from store.catalogue import catalogue

SEARCHED: Final = 60
"""Picks of the ranking among which those of one category are sought."""
BY: Final = "campaign"


def recommend_for_step(
    recommender: Recommender,
    connection: Connection,
    client_id: str,
    content: MailContent,
    most: int,
    at: datetime,
    shown: Collection[ItemId],
) -> Recommendation:
    """Recommend the items of a campaign's mail, at most `most`. A named item that is sold out is left out, whether or
    not it was shown before is no matter."""
    named = [item for item in content.items if catalogue.is_in_stock(connection, [item])]
    known = catalogue.load_items(connection, named)
    chosen = recommender.recommend(
        connection, client_id, SEARCHED if content.category else most, at, exclude={*shown, *named}
    )
    first = [Pick(item_id=item, score=0.0, by=BY) for item in named if item in known]
    return replace(chosen, picks=(*first, *_keep_category(connection, chosen, content.category))[:most])


def _keep_category(connection: Connection, chosen: Recommendation, category: str) -> tuple[Pick, ...]:
    if not category:
        return chosen.picks
    items = catalogue.load_items(connection, [pick.item_id for pick in chosen.picks])
    return tuple(pick for pick in chosen.picks if pick.item_id in items and items[pick.item_id].category == category)
