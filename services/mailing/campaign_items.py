"""The items of mails: what the ranking picks for each client; where a campaign names some, those first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from models.base import ClientId, ItemId
from models.catalogue import Item
from models.journey_steps import MailContent
from models.mail import Pick
from services.recommendations.recommender import ItemsRequest, Recommender
from store.catalogue import catalogue

SEARCHED: Final = 60
"""Picks of the ranking among which those of one category are sought."""
BY: Final = "campaign"


class ItemsOrder(NamedTuple):
    """Whose mail needs items, what the step of its campaign says of them, and what the client was shown lately."""

    client_id: ClientId
    content: MailContent | None
    shown: tuple[ItemId, ...]


def recommend_for_mails(
    recommender: Recommender, connection: Connection, orders: Sequence[ItemsOrder], most: int, at: datetime
) -> list[Recommendation]:
    """Recommend the items of mails that are read at `at`, at most `most` each, in the order of `orders`.

    A named item that is sold out is left out, whether or not it was shown before is no matter. Raises NotFound for an
    unknown client.
    """
    named = {item for order in orders for item in _list_named(order)}
    gone = catalogue.find_sold_out(connection, named)
    there = catalogue.load_items(connection, named) if named else {}
    requests = [
        ItemsRequest(
            order.client_id,
            SEARCHED if _find_category(order) else most,
            frozenset({*order.shown, *(item for item in _list_named(order) if item not in gone)}),
        )
        for order in orders
    ]
    chosen = list(recommender.recommend_many(connection, requests, at))
    sought = {
        pick.item_id for order, one in zip(orders, chosen, strict=True) if _find_category(order) for pick in one.picks
    }
    known = catalogue.load_items(connection, sought) if sought else {}
    found = []
    for order, one in zip(orders, chosen, strict=True):
        first = [Pick(item_id=i, score=0.0, by=BY) for i in _list_named(order) if i in there and i not in gone]
        found.append(replace(one, picks=(*first, *_keep_category(one.picks, known, _find_category(order)))[:most]))
    return found


def _list_named(order: ItemsOrder) -> tuple[ItemId, ...]:
    return order.content.items if order.content is not None else ()


def _find_category(order: ItemsOrder) -> str:
    return order.content.category if order.content is not None else ""


def _keep_category(picks: tuple[Pick, ...], known: dict[ItemId, Item], category: str) -> tuple[Pick, ...]:
    if not category:
        return picks
    return tuple(pick for pick in picks if pick.item_id in known and known[pick.item_id].category == category)
