"""The items that the shop sells, and their stock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from models.base import ONE_LINE, Contract, ItemId, Sku, StrictInput, Utc
from models.events import Currency, Label, Money


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"
    ALL = "all"


def _require_web_address(address: str) -> str:
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("is no address; give one such as https://shop.example/coat") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a whole address that begins with https:// or http://")
    if parts.username is not None or not address.isprintable() or " " in address or "\\" in address:
        raise ValueError("must hold no user, space, backslash or control character")
    return address


WebAddress = Annotated[str, Field(max_length=2_000), AfterValidator(_require_web_address)]
"""A whole http(s) address, or empty."""

TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Text of several lines, without other control characters."""


class ItemRow(StrictInput):
    """One row of a catalogue file."""

    item_id: ItemId
    title: str = Field(min_length=1, max_length=200, pattern=ONE_LINE)
    category: Label
    brand: str = Field(default="", max_length=100, pattern=ONE_LINE)
    colour: str = Field(default="", max_length=40, pattern=ONE_LINE)
    price: Money
    cost: Money | None = None
    currency: Currency | None = None
    season: Season = Season.ALL
    sizes: tuple[Label, ...] = Field(default=(), max_length=40)
    tags: tuple[Label, ...] = Field(default=(), max_length=50)
    sustainability: float | None = Field(default=None, ge=0, le=1)
    added_at: Utc | None = None
    url: WebAddress = ""
    image_url: WebAddress = ""
    description: str = Field(default="", max_length=10_000, pattern=TEXT)
    materials: tuple[Label, ...] = Field(default=(), max_length=20)
    occasions: tuple[Label, ...] = Field(default=(), max_length=20)


class StockRow(StrictInput):
    """One row of a stock file: the units on hand of one size of one item."""

    sku: Sku
    item_id: ItemId
    size: Annotated[str, Field(max_length=64, pattern=ONE_LINE)] = ""
    on_hand: int = Field(ge=0, le=10_000_000)


class Item(Contract):
    """An item as stored. Prices in cents of the shop's currency."""

    item_id: ItemId
    title: str
    category: str
    brand: str
    colour: str
    price_cents: int
    cost_cents: int | None
    season: Season
    sizes: tuple[str, ...]
    tags: tuple[str, ...]
    sustainability: float | None
    added_at: datetime
    url: str = ""
    """The item's page in the shop; empty: `shop_url` and the id."""
    image_url: str = ""
    """Where the shop has its picture."""
    picture: str = ""
    """Hash of the picture as it was fetched from there; empty: it was not, or not yet."""
    description: str = ""
    materials: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()
    retired_at: datetime | None = None
    """Since when the shop no longer sells it: it is neither recommended nor put into a box, and stays in histories."""
