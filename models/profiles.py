"""A client's profile: what is known of their taste, and from what. Personal: never in a history, log or metric."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from models.base import ClientId, Contract, ItemId


class Demographics(Contract):
    """Who they are, as the shop told us."""

    first_name: str
    locale: str
    time_zone: str
    signed_up_at: datetime
    tags: tuple[str, ...] = ()


class Liked(Contract):
    """A word, liked (to 1) or disliked (to -1); whether the client said so in the quiz, did so, or both."""

    name: str
    strength: float
    source: Literal["said", "seen", "both"]


class Worn(Contract):
    """A size. `source`: the shop or the quiz said so (`said`), or pieces that were sent (`seen`) fitted so often."""

    size: str
    category: str = ""
    source: Literal["said", "seen"]
    fitted: int = 0
    too_small: int = 0
    too_large: int = 0


class Wish(Contract):
    """An item on the wishlist."""

    item_id: ItemId
    at: datetime


class Interaction(Contract):
    """Something that happened."""

    type: str
    at: datetime
    item_id: ItemId | None = None
    value_cents: int | None = None


class Profile(Contract):
    """One client as of a moment. `counts`: of all that ever happened, by type; `latest`: the newest of it first."""

    client_id: ClientId
    as_of: datetime
    demographics: Demographics
    style_tags: tuple[Liked, ...] = ()
    colours: tuple[Liked, ...] = ()
    categories: tuple[Liked, ...] = ()
    sizes: tuple[Worn, ...] = ()
    budget_cents: int | None = None
    wishlist: tuple[Wish, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    latest: tuple[Interaction, ...] = ()
