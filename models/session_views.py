"""What a shop's page says of a visit when it asks for an order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.base import ClientId, ItemId, StrictInput, Utc

Agent = Annotated[str, Field(max_length=1_000)]
Kind = Literal["item_viewed", "item_clicked", "added_to_cart", "wishlisted", "order_placed"]


class SessionTouch(StrictInput):
    """Something touched in this visit."""

    item_id: ItemId
    kind: Kind
    at: Utc


class SessionAsked(StrictInput):
    """The body of `POST /v1/session/rank`. `items`: what is to be ordered, as it would stand otherwise; none: what the
    ranking would show. `n`: so many are shown. `user_agent`: the visitor's, so that programs teach nothing."""

    client_id: ClientId
    items: tuple[ItemId, ...] = Field(default=(), max_length=500)
    n: int | None = Field(default=None, ge=1, le=100)
    touches: tuple[SessionTouch, ...] = Field(default=(), max_length=200)
    user_agent: Agent | None = None

    @model_validator(mode="after")
    def _once(self) -> SessionAsked:
        if len(set(self.items)) < len(self.items):
            raise ValueError("items: one is named twice")
        return self
