"""What a shop's page asks of `GET /v1/recommendations`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import ClientId, ItemId, StrictInput
from models.events import Label
from models.search_requests import SearchText
from models.slots import Code
from models.visits import VisitId


class PageContext(StrEnum):
    """Where the items are shown; each asks another question."""

    HOME = "home"
    """The client's best, with some that are new."""
    PRODUCT = "product"
    """Beside one item: what is like it, and what is worn with it."""
    CART = "cart"
    """What is worn with the items in the cart."""
    EMAIL = "email"
    """The client's best alone."""
    SEARCH = "search"
    """What answers the words of a search, in the client's own order."""


class RecommendationQuery(StrictInput):
    """Ask for the `n` best items for a client or a visit.

    `session_id`: an anonymous visit, in the place of a client. `item_id`: the item of the page, for `product` alone.
    `cart`: the items in the cart, for `cart` alone. `q`: the words of a search, for `search` alone. `exclude`: items
    not to show. `category`: only items of this category. `placement`: where on the page, kept on record. `explain`:
    give each item's reason in words, which takes longer. `recorded`: `sync` waits until the decision is in the
    database.
    """

    client_id: ClientId | None = None
    session_id: VisitId | None = None
    n: int = Field(default=10, ge=1, le=100)
    context: PageContext = PageContext.HOME
    item_id: ItemId | None = None
    cart: tuple[ItemId, ...] = Field(default=(), max_length=50)
    q: Annotated[SearchText, Field(min_length=1)] | None = None
    exclude: tuple[ItemId, ...] = Field(default=(), max_length=200)
    category: Label | None = None
    placement: Code = ""
    explain: bool = False
    recorded: Literal["batch", "sync"] = "batch"

    @model_validator(mode="after")
    def _require_asker(self) -> Self:
        if (self.client_id is None) == (self.session_id is None):
            raise ValueError("give client_id, or session_id in its place")
        if self.explain and self.client_id is None:
            raise ValueError("explain: goes with client_id alone")
        return self

    @model_validator(mode="after")
    def _require_anchor(self) -> Self:
        if (self.item_id is not None) != (self.context is PageContext.PRODUCT):
            raise ValueError("item_id: goes with context=product, and only with it")
        if bool(self.cart) != (self.context is PageContext.CART):
            raise ValueError("cart: goes with context=cart, and only with it")
        if (self.q is not None) != (self.context is PageContext.SEARCH):
            raise ValueError("q: goes with context=search, and only with it")
        return self

    @property
    def anchors(self) -> tuple[ItemId, ...]:
        """The items that those shown must go with."""
        return self.cart if self.item_id is None else (self.item_id,)
