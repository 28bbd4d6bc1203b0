"""Wholes over HTTP: the catalogue or the stock at once, and what saving it changed."""

from __future__ import annotations

from pydantic import Field

from models.base import Contract, ItemId, StrictInput
from models.catalogue import ItemRow, StockRow

MOST_ROWS = 50_000
"""Rows of one request; a larger shop imports a file."""


class WholeCatalogue(StrictInput):
    """All items that the shop sells. `confirmed`: over a fifth of what there was may be absent."""

    items: tuple[ItemRow, ...] = Field(max_length=MOST_ROWS)
    confirmed: bool = False


class WholeStock(StrictInput):
    """The units on hand of all skus. `confirmed`: over a fifth of what there was may be absent."""

    stock: tuple[StockRow, ...] = Field(max_length=MOST_ROWS)
    confirmed: bool = False


class GoodsAnswer(Contract):
    """What a whole changed. `absent`: items that were retired, or skus that went out of stock; `notes`: what is worth
    knowing, with counts."""

    new: int
    changed: int
    same: int
    absent: int
    notes: dict[str, int] = Field(default_factory=dict)


class BrokenPicture(Contract):
    """A picture that could not be fetched. `why`: in words; `given_up`: it is not tried again by itself."""

    item_id: ItemId
    image_url: str
    code: str
    why: str
    given_up: bool


class PictureReport(Contract):
    """How many pictures of items that are sold were fetched, wait, or are broken; `without_address`: items that state
    none."""

    fetched: int
    waiting: int
    broken: int
    without_address: int
    faults: tuple[BrokenPicture, ...] = ()
