"""What is asked of Fixes over HTTP and by command, and what is told of them."""

from __future__ import annotations

from datetime import datetime

from models.base import ClientId, Contract, Id, ItemId, Sku
from models.fixes import FixId, FixState, FixWish, ItemState


class FixAsked(FixWish):
    """The body of `POST /v1/clients/<id>/fixes`. The same `request_key` is the same request."""

    request_key: Id | None = None

    @property
    def wish(self) -> FixWish:
        """What is asked, without the name of the request."""
        return FixWish.model_validate(self.model_dump(exclude={"request_key"}))


class _Shown(Contract):
    """An item as it is told of, whether in the box or not."""

    sku: Sku
    item_id: ItemId
    size: str
    category: str
    colour: str
    price_cents: int
    score: float
    p_fit: float


class BoxedItem(_Shown):
    """One item of a box and what became of it."""

    state: ItemState
    fit: str | None = None


class OfferedItem(_Shown):
    """A candidate of which a unit is free and that may go into a proposed box, in place of any one of `instead_of`."""

    instead_of: tuple[Sku, ...]


class PassedStep(Contract):
    """A step that a Fix took, in business time; `by`: the stylist who decided it."""

    at: datetime
    state: FixState
    code: str = ""
    by: str = ""


class FixView(Contract):
    """One Fix.

    `note`: as the client wrote it; `said`: what was understood of it, `read_by` the house's rules or a model, or nobody
    yet. `objective`: what the box was worth as assembled; `worth`: the kept items that it stands for as it is now.
    `left_out`: how many items, by the code of the reason. `offers`: what a stylist may swap in, best first.
    """

    fix_id: FixId
    client_id: ClientId
    state: FixState
    code: str
    created_at: datetime
    wave_id: str | None
    decide_by: datetime | None
    decided_by: str
    shipped_at: datetime | None
    algorithm: str
    version: str
    objective: float | None
    worth: float
    wish: FixWish
    note: str | None
    read_by: str
    said: tuple[str, ...]
    left_out: dict[str, int]
    box: tuple[BoxedItem, ...]
    offers: tuple[OfferedItem, ...]
    steps: tuple[PassedStep, ...]
