"""Wholes over HTTP: the catalogue or the stock at once, and what saving it changed."""

from __future__ import annotations

from pydantic import Field

from models.base import Contract, Id, ItemId, Sku, StrictInput
from models.catalogue import ItemRow, StockRow

MOST_ROWS = 50_000
"""Rows of one request; a larger shop imports a file."""
MOST_CHANGES = 1_000
"""Differences of one request."""


class WholeCatalogue(StrictInput):
    """All items that the shop sells. `confirmed`: over a fifth of what there was may be absent."""

    items: tuple[ItemRow, ...] = Field(max_length=MOST_ROWS)
    confirmed: bool = False


class WholeStock(StrictInput):
    """The units on hand of all skus. `confirmed`: over a fifth of what there was may be absent."""

    stock: tuple[StockRow, ...] = Field(max_length=MOST_ROWS)
    confirmed: bool = False


class StockChange(StrictInput):
    """A difference of one sku: a sale, a delivery. `key`: a change whose key came before changes nothing."""

    key: Id
    sku: Sku
    by: int = Field(ge=-1_000_000, le=1_000_000)


class StockChanges(StrictInput):
    """Differences of stock, applied in their order."""

    changes: tuple[StockChange, ...] = Field(max_length=MOST_CHANGES)


class StockChangeRefusal(Contract):
    """A change that was not applied. `index`: its place in the request."""

    index: int
    key: str
    field: str
    reason: str


class StockChangesAnswer(Contract):
    """What became of changes, by their keys. `short`: skus of which more went than were there; they have none now."""

    applied: tuple[str, ...]
    duplicates: tuple[str, ...]
    refused: tuple[StockChangeRefusal, ...]
    short: tuple[Sku, ...]


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
