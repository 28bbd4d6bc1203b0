"""The request of a shop's page for an order of items."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.base import ClientId, ItemId, StrictInput, Utc

Agent = Annotated[str, Field(max_length=1_000)]
Kind = Literal["item_viewed", "item_clicked", "added_to_cart", "wishlisted", "order_placed"]


class SessionTouch(StrictInput):
    """An item touched in this visit."""

    item_id: ItemId
    kind: Kind
    at: Utc


class SessionRankRequest(StrictInput):
    """The body of `POST /v1/session/rank`.

    `items`: what to order, in the order without us; empty: what the ranking would show. `n`: how many are shown.
    `user_agent`: the visitor's, so that programs are left out of training.
    """

    client_id: ClientId
    items: tuple[ItemId, ...] = Field(default=(), max_length=500)
    n: int | None = Field(default=None, ge=1, le=100)
    touches: tuple[SessionTouch, ...] = Field(default=(), max_length=200)
    user_agent: Agent | None = None

    @model_validator(mode="after")
    def _once(self) -> SessionRankRequest:
        if len(set(self.items)) < len(self.items):
            raise ValueError("items: one is named twice")
        return self
