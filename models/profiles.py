"""A client's profile: their preferences and where each comes from. Personal: never in a history, log or metric."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from models.base import ClientId, Contract, ItemId


class Demographics(Contract):
    """Who the client is, as the shop told us."""

    first_name: str
    locale: str
    time_zone: str
    signed_up_at: datetime
    tags: tuple[str, ...] = ()


class Preference(Contract):
    """A word, liked (to 1) or disliked (to -1): stated in the quiz (`said`), shown by behaviour (`seen`), or both."""

    name: str
    strength: float
    source: Literal["said", "seen", "both"]


class KnownSize(Contract):
    """A size: stated by the shop or in the quiz (`said`), or shown by the pieces that were sent (`seen`), with their
    fit."""

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


class ProfileEvent(Contract):
    """An event in the profile."""

    type: str
    at: datetime
    item_id: ItemId | None = None
    value_cents: int | None = None


class Profile(Contract):
    """One client as of a moment. `counts`: of all events, by type; `latest`: newest first."""

    client_id: ClientId
    as_of: datetime
    demographics: Demographics
    style_tags: tuple[Preference, ...] = ()
    colours: tuple[Preference, ...] = ()
    categories: tuple[Preference, ...] = ()
    sizes: tuple[KnownSize, ...] = ()
    budget_cents: int | None = None
    wishlist: tuple[Wish, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    latest: tuple[ProfileEvent, ...] = ()
