"""What a shop's search page asks of `GET /v1/search` and `GET /v1/search/suggest`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import ONE_LINE, ClientId, StrictInput
from models.catalogue import Season
from models.events import Label, Money

MOST_FOUND = 10_000
"""Places of the result that can be turned to: nobody reads on to the ten-thousandth item."""

SearchText = Annotated[str, Field(max_length=200, pattern=ONE_LINE)]
"""What somebody typed into the search field."""


class SearchSort(StrEnum):
    """The order of what was found."""

    RELEVANCE = "relevance"
    PRICE = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"


class SearchFilters(StrictInput):
    """Which items may be found. Of several values of one filter one is enough; capitals do not count.

    `size`: in stock in this size. `price_min`, `price_max`: in the shop's currency, both included. `season`: items of
    all seasons count for each. `sustainability_min`: 0 to 1. `in_stock`: false also finds what is sold out.
    """

    category: tuple[Label, ...] = Field(default=(), max_length=20)
    brand: tuple[Label, ...] = Field(default=(), max_length=20)
    colour: tuple[Label, ...] = Field(default=(), max_length=20)
    size: tuple[Label, ...] = Field(default=(), max_length=20)
    material: tuple[Label, ...] = Field(default=(), max_length=20)
    occasion: tuple[Label, ...] = Field(default=(), max_length=20)
    season: tuple[Season, ...] = Field(default=(), max_length=5)
    price_min: Money | None = None
    price_max: Money | None = None
    sustainability_min: float | None = Field(default=None, ge=0, le=1)
    in_stock: bool = True


class SearchQuery(SearchFilters):
    """Find items by words, by filters or by both.

    `client_id`, or `session_id` of an anonymous visit: whose liking counts in the order. `n`, `offset`: which part of
    the result. `facets`: also count the items by category, brand, colour, size, material, occasion, season, price and
    sustainability.
    """

    q: SearchText = ""
    client_id: ClientId | None = None
    session_id: Annotated[str, Field(max_length=64)] | None = None
    n: int = Field(default=24, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=MOST_FOUND)
    sort: SearchSort = SearchSort.RELEVANCE
    facets: bool = True

    @model_validator(mode="after")
    def _require_one_asker(self) -> Self:
        if self.client_id is not None and self.session_id is not None:
            raise ValueError("session_id: goes in the place of client_id, not with it")
        return self


class SuggestQuery(StrictInput):
    """Complete what somebody is typing: `n` searches and `n` items at most."""

    q: Annotated[SearchText, Field(min_length=1)]
    n: int = Field(default=6, ge=1, le=20)
