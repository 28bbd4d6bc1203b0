"""The request body and the views of Fixes, for HTTP and commands."""

from __future__ import annotations

from datetime import datetime

from models.base import ClientId, Contract, Id, ItemId, Sku
from models.box_roles import BoxRole
from models.fixes import FixId, FixState, FixWish, ItemState
from models.wishes import ClientWish, Strength


class FixRequestBody(FixWish):
    """The body of `POST /v1/clients/<id>/fixes`. The same `request_key` is the same request."""

    request_key: Id | None = None

    @property
    def wish(self) -> FixWish:
        """The wish, without the key of the request."""
        return FixWish.model_validate(self.model_dump(exclude={"request_key"}))


class _FixItemView(Contract):
    """An item of a Fix, whether in the box or not."""

    sku: Sku
    item_id: ItemId
    size: str
    category: str
    colour: str
    price_cents: int
    score: float
    p_fit: float
    role: BoxRole = BoxRole.OTHER


class BoxItem(_FixItemView):
    """One item of a box and its state."""

    state: ItemState
    fit: str | None = None
    answers: tuple[str, ...] = ()
    """The keys of the wishes that it answers."""


class SwapOffer(_FixItemView):
    """A candidate with a free unit that may replace any one of `instead_of` in a proposed box, or, with `may_add`, come
    in besides."""

    instead_of: tuple[Sku, ...]
    may_add: bool = False


class FixOffers(Contract):
    """What may go into a proposed box, best first."""

    offers: tuple[SwapOffer, ...]


class UnmetWish(Contract):
    """A wish that the box does not meet: its key and name, and why, as a stable `code` and in words. With the key
    `slots` it is the number of pieces. `told`: the same for the client, in the language of their mail."""

    key: str
    name: str
    code: str
    why: str
    quote: str = ""
    strength: Strength = "must"
    told: str = ""


class FixStepView(Contract):
    """A step that a Fix took, in business time; `by`: the stylist who decided it."""

    at: datetime
    state: FixState
    code: str = ""
    by: str = ""


class FixView(Contract):
    """One Fix.

    `note`: as the client wrote it; `said`: what was understood of it, and `not_understood` the words that were not;
    `wishes`: those of the request and of the note; `unmet`: the wishes that the box does not meet; `read_by`: the
    built-in rules or a model, empty while unread. `stylist_note`: a stylist's words for the client, to go with the box.
    `objective`: the worth of the box as assembled; `worth`: the expected number of kept items as it is now. `left_out`:
    how many items, by reason code. `offers`: what a stylist may swap in, best first.
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
    stylist_note: str | None = None
    read_by: str
    said: tuple[str, ...]
    wishes: tuple[ClientWish, ...] = ()
    not_understood: tuple[str, ...] = ()
    unmet: tuple[UnmetWish, ...] = ()
    left_out: dict[str, int]
    box: tuple[BoxItem, ...]
    offers: tuple[SwapOffer, ...]
    steps: tuple[FixStepView, ...]
