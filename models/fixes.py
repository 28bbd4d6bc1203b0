"""A Fix, a box of items for one client: the request, the decisions, and the messages of its workflow.

Text written by the client never travels: a note is saved with the request and read by the id of the Fix.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from models.actors import Actor
from models.base import ONE_LINE, ClientId, Contract, Id, ItemId, Sku, StrictInput, Utc
from models.box_roles import BoxRole
from models.clock import Clock
from models.events import Label, Money, Words
from models.slots import Cents, Code, Finite
from models.wishes import ClientWish

FixId: TypeAlias = Id
By = Annotated[str, StringConstraints(max_length=64, pattern=ONE_LINE)]
"""Who decided: a name that the stylist's own system gives."""


class FixState(StrEnum):
    """The states of a Fix. The table of transitions is `domain.fixes.states.TRANSITIONS`."""

    REQUESTED = "requested"
    RANKED = "ranked"
    """Its candidates are stored; a Fix that waits for the wave stays here."""
    ASSEMBLED = "assembled"
    PROPOSED = "proposed"
    """Its units are reserved; a stylist is to decide."""
    APPROVED = "approved"
    SHIPPED = "shipped"
    CLOSED = "closed"
    """Every item has its feedback, or the time for it is over."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody decided in time, and the policy is to cancel then."""
    FAILED = "failed"


class ItemState(StrEnum):
    """The states of one item of a box."""

    HELD = "held"
    """A unit is counted in `stock.reserved` for it."""
    EXPIRED = "expired"
    """Its reservation ran out and the unit is free; it stays in the box until it is reserved again or released."""
    RELEASED = "released"
    SOLD = "sold"
    KEPT = "kept"
    RETURNED = "returned"


class FixWish(StrictInput):
    """What a client asks of one Fix. Where nothing is stated, the shop's rule or the client's own record applies."""

    slots: int = Field(default=5, ge=1, le=20)
    budget: Money | None = None
    item_cap: Money | None = None
    """The highest price of one item."""
    category_cap: int = Field(default=2, ge=1, le=20)
    colour_cap: int = Field(default=3, ge=1, le=20)
    """At most this many items of one colour."""
    must_have: tuple[Label, ...] = Field(default=(), max_length=10)
    """Categories of which at least one item each is wanted."""
    exclude_categories: tuple[Label, ...] = Field(default=(), max_length=50)
    exclude_colours: tuple[Label, ...] = Field(default=(), max_length=50)
    exclude_items: tuple[ItemId, ...] = Field(default=(), max_length=200)
    sizes: tuple[Label, ...] = Field(default=(), max_length=20)
    """Empty: the client's sizes."""
    wishes: tuple[ClientWish, ...] = Field(default=(), max_length=100)
    """Further wishes, one thing each; those of the note are added to them."""
    note: Words | None = None
    when: Literal["now", "wave"] = "now"
    """`wave`: assembled in the next wave, together with all others that are due."""
    due: Utc | None = None
    """With `wave`: assembled alone when no wave has come by then."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        both = {category.casefold() for category in self.must_have} & {
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
    """Colours that the client would like. The stylist sees them; no rule uses them."""
    budget: Money | None = None
    item_cap: Money | None = None


class FixNote(Contract):
    """A note as it was read: by whom, and what was understood, in short sentences for the stylist."""

    fields: NoteFields
    by: Literal["house", "model"]
    said: tuple[str, ...] = ()
    wishes: tuple[ClientWish, ...] = ()
    not_understood: tuple[str, ...] = ()
    """The stretches of the note of which nothing was understood."""


class FixRequest(StrictInput):
    """The input of the update `request_fix`: the wish was saved before, under this id."""

    fix_id: FixId


class FixItem(Contract):
    """A unit that may go into the box. `score` is its p(keep), `worth` what the assembly sums, before the stock price
    is subtracted; None: the p(keep), in Fixes ranked before there were roles."""

    sku: Sku
    item_id: ItemId
    size: Code = ""
    category: Code = ""
    colour: Code = ""
    cut: Code = ""
    """The last two words of its title, such as "pleated skirt": pieces of one cut are alike."""
    kinds: tuple[Code, ...] = ()
    """Narrower words for its category, such as cardigan."""
    price_cents: Cents
    score: Finite
    worth: Finite | None = None
    role: BoxRole = BoxRole.OTHER
    p_fit: Finite = 1.0
    liking: Finite = 0.0
    """The ranking's score, standardised among the client's candidates; p(keep) is learnt from it."""
    price_ratio: Finite = 0.0
    """Log of the price over the median of its category."""
    reach: Finite = 0.0
    """Log of the price over what the client usually pays for a piece, or has for one."""
    answered: Finite = 0.0
    """How many of the client's wishes it answers."""
    formality: Finite | None = None
    """How formal it is, about 0 for sport to 4 for a ball; None: nothing is known."""
    lacks: int = 0
    """How much it lacks of what is wanted of it; 0: nothing that the catalogue knows of."""
    named: bool = False
    """Its title has the client's own word for what they asked for: blazer, not any jacket."""
    parts: dict[Code, Finite] = Field(default_factory=dict)
    """The parts of the ranking's score."""
    why: str = ""
    """The parts in words, for the stylist."""
    answers: tuple[str, ...] = ()
    """The keys of the wishes that it answers."""


class Swap(StrictInput):
    """One item of the box for another, or for another size of itself; without `out` one more comes in, without `into`
    one goes."""

    out: Sku | None = None
    into: Sku | None = None

    @model_validator(mode="after")
    def _name_one(self) -> Self:
        if self.out is None and self.into is None:
            raise ValueError("out: name what goes, or into: what comes in")
        return self


class RejectReason(StrEnum):
    """Why a stylist rejects a box; histories hold the code."""

    TASTE = "taste"
    FIT = "fit"
    PRICE = "price"
    REQUEST = "request"
    """It does not answer what the client asked for."""
    CLIENT = "client"
    """The client called it off."""
    OTHER = "other"


class FixDecision(StrictInput):
    """A stylist's decision on a proposed box. Swaps are made before an approval."""

    verdict: Literal["approve", "swap", "reject"]
    swaps: tuple[Swap, ...] = Field(default=(), max_length=20)
    because: RejectReason | None = None
    """Why it is rejected."""
    by: By = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.verdict == "swap" and not self.swaps:
            raise ValueError("swaps: name at least one")
        if self.verdict == "reject" and self.swaps:
            raise ValueError("swaps: a rejected box has none")
        return self


class FixVerdict(FixDecision):
    """A decision as our own pages, API and commands send it to the workflow, with who decides. The Temporal CLI may
    leave that out."""

    actor: Actor | None = None


# --- FixAssignment ---------------------------------------------------------------------------------------------------


class FixInput(Contract):
    """Starts a FixAssignment. `noted`: the client wrote a note that is still to be read."""

    fix_id: FixId
    client_id: ClientId
    clock: Clock
    noted: bool = False


class FixStep(Contract):
    """Asks for one step of one Fix. `at` is the workflow's real now."""

    fix_id: FixId
    at: datetime
    decision: FixDecision | None = None
    actor: Actor | None = None
    """Who decides; None: whoever sent an update by the Temporal CLI."""
    code: str = ""
    """What the step should know, as a stable word."""


class FixEnd(Contract):
    """Asks to end the Fix and release its units. `code`: why, as a stable word."""

    fix_id: FixId
    at: datetime
    to: Literal[FixState.CANCELLED, FixState.FAILED]
    code: str


class FixDone(Contract):
    """The result of a step. `next_at` is business time: when to go on if no signal comes."""

    state: FixState
    clock: Clock
    next_at: datetime | None = None
    code: str = ""
    box: tuple[Sku, ...] = ()
    refused: str = ""
    """Why the decision cannot be carried out: a sentence of ids, amounts and words of the catalogue alone."""


class FixAdmission(Contract):
    """Asks whether a client may have the Fix that was saved for them. `at` is the workflow's real now."""

    fix_id: FixId
    client_id: ClientId
    at: datetime


class FixAdmitted(Contract):
    """The answer: the state of the Fix, or why it is `refused`, as a sentence without personal data and a code."""

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
