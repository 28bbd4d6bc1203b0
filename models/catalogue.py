"""The items that the shop sells, and their stock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.base import ONE_LINE, Contract, ItemId, Sku, StrictInput, Utc
from models.events import Currency, Label, Money


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"
    ALL = "all"


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
