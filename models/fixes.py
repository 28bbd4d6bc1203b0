"""A Fix, a box of items for one client: what is asked, what is decided, where it stands.

Client-written text never travels: a note is saved with the request and read by the id of the Fix.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from models.base import ONE_LINE, ClientId, Contract, Id, ItemId, Sku, StrictInput, Utc
from models.clock import Clock
from models.events import Label, Money, Words
from models.slots import Cents, Code, Finite

FixId: TypeAlias = Id
By = Annotated[str, StringConstraints(max_length=64, pattern=ONE_LINE)]
"""Who decided: a name that the stylist's own system gives."""


class FixState(StrEnum):
    """Where a Fix stands. The table of allowed steps is `domain.fixes.states.TRANSITIONS`."""

    REQUESTED = "requested"
    RANKED = "ranked"
    """Its candidates are kept; one that waits for the wave stays here."""
    ASSEMBLED = "assembled"
    PROPOSED = "proposed"
    """Its units are reserved; a stylist is to decide."""
    APPROVED = "approved"
    SHIPPED = "shipped"
    CLOSED = "closed"
    """Every item has its feedback, or the time for it is over."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody decided in time, and the policy says to cancel then."""
    FAILED = "failed"


class ItemState(StrEnum):
    """Where one item of a box stands."""

    HELD = "held"
    """A unit is counted in `stock.reserved` for it."""
    EXPIRED = "expired"
    """Its hold ran out and the unit is free again; still an item of the box, until it is held anew or let go."""
    RELEASED = "released"
    SOLD = "sold"
    KEPT = "kept"
    RETURNED = "returned"


class FixWish(StrictInput):
    """What a client asks of one Fix. What is not stated is the shop's rule, or the client's own record."""

    slots: int = Field(default=5, ge=1, le=20)
    budget: Money | None = None
    item_cap: Money | None = None
    """The highest price of one item."""
    category_cap: int = Field(default=2, ge=1, le=20)
    colour_cap: int = Field(default=3, ge=1, le=20)
    """At most so many items of one colour."""
    must_have: tuple[Label, ...] = Field(default=(), max_length=10)
    """Categories of which at least one item is wanted each."""
    exclude_categories: tuple[Label, ...] = Field(default=(), max_length=50)
    exclude_colours: tuple[Label, ...] = Field(default=(), max_length=50)
    exclude_items: tuple[ItemId, ...] = Field(default=(), max_length=200)
    sizes: tuple[Label, ...] = Field(default=(), max_length=20)
    """None stated: the client's sizes."""
    note: Words | None = None
    when: Literal["now", "wave"] = "now"
    """`wave`: assembled together with all others that are due, in the next wave."""
    due: Utc | None = None
    """With `wave`: assembled alone when no wave has come by then."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        both = {each.casefold() for each in self.must_have} & {
            category.casefold() for category in self.exclude_categories
        }
        if both:
            raise ValueError(f"must_have: {', '.join(sorted(both))} is excluded as well")
        if len(self.must_have) > self.slots:
            raise ValueError(f"must_have: {len(self.must_have)} categories for {self.slots} slots")
        return self


class NoteFields(Contract):
    """What a client's note asks for, in words of the catalogue."""

    must_have: tuple[Label, ...] = Field(default=(), max_length=10)
    exclude_categories: tuple[Label, ...] = Field(default=(), max_length=50)
    exclude_colours: tuple[Label, ...] = Field(default=(), max_length=50)
    colours: tuple[Label, ...] = Field(default=(), max_length=10)
    """Colours that the client would like. The stylist is told; no rule looks for them."""
    budget: Money | None = None
    item_cap: Money | None = None


class FixNote(Contract):
    """A note as it was read: `by` whom, and what was understood, in short sentences for the stylist."""

    fields: NoteFields
    by: Literal["house", "model"]
    said: tuple[str, ...] = ()


class FixRequest(StrictInput):
    """What the update `request_fix` takes: the wish was saved before, under this id."""

    fix_id: FixId


class FixItem(Contract):
    """A unit that may go into the box. `score` is what it is worth: `p_keep`, before the price of its stock is paid."""

    sku: Sku
    item_id: ItemId
    size: Code = ""
    category: Code = ""
    colour: Code = ""
    price_cents: Cents
    score: Finite
    p_fit: Finite = 1.0
    liking: Finite = 0.0
    """The ranking's score, standardised among the client's candidates; what p(keep) is learnt from."""
    parts: dict[Code, Finite] = Field(default_factory=dict)
    """Where the ranking's share of the score came from."""
    why: str = ""
    """The same in words, for the stylist."""


class Swap(StrictInput):
    """One item of the box for another."""

    out: Sku
    into: Sku


class FixDecision(StrictInput):
    """A stylist's word on a proposed box. Swaps are made before an approval."""

    verdict: Literal["approve", "swap", "reject"]
    swaps: tuple[Swap, ...] = Field(default=(), max_length=20)
    by: By = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.verdict == "swap" and not self.swaps:
            raise ValueError("swaps: name at least one")
        if self.verdict == "reject" and self.swaps:
            raise ValueError("swaps: a rejected box has none")
        return self


# --- FixAssignment ---------------------------------------------------------------------------------------------------


class FixInput(Contract):
    """Starts a FixAssignment. `noted`: the client wrote a note that is still to be read."""

    fix_id: FixId
    client_id: ClientId
    clock: Clock
    noted: bool = False


class FixStep(Contract):
    """Ask for one step of one Fix. `at` is the workflow's real now."""

    fix_id: FixId
    at: datetime
    decision: FixDecision | None = None
    code: str = ""
    """What the step should know, in one stable word."""


class FixEnd(Contract):
    """Ask that a Fix ends here, and gives back what is held for it. `code`: why, in one stable word."""

    fix_id: FixId
    at: datetime
    to: Literal[FixState.CANCELLED, FixState.FAILED]
    code: str


class FixDone(Contract):
    """What a step led to. `next_at` is business time: when to go on if nobody calls."""

    state: FixState
    clock: Clock
    next_at: datetime | None = None
    code: str = ""
    box: tuple[Sku, ...] = ()
    refused: str = ""
    """Why what was decided cannot be: a sentence of ids, amounts and words of the catalogue alone."""


class FixAdmission(Contract):
    """Ask whether a client may have the Fix that was saved for them. `at` is the workflow's real now."""

    fix_id: FixId
    client_id: ClientId
    at: datetime


class FixAdmitted(Contract):
    """The answer: where the Fix stands, or why it is `refused`, in a sentence without personal data and a code."""

    done: FixDone
    noted: bool = False
    refused: str = ""
    code: str = ""


class FixStatus(Contract):
    """The answer to the query `status`."""

    fix_id: FixId
    client_id: ClientId
    state: FixState
    next_at: datetime | None = None
    box: tuple[Sku, ...] = ()
    code: str = ""
    refused_signals: tuple[str, ...] = ()
