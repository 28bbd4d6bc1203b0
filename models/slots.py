"""What each slot asks and what it takes for an answer. Their JSON Schemas are the contract with every algorithm.

Ids are opaque, amounts whole cents, moments ISO 8601 in UTC. No question holds a name, an address or a client's words.
A question may gain fields: an algorithm passes over those it does not know. An answer may say more than is asked.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import FailFast, Field, StringConstraints, model_validator

from models.base import ClientId, Contract, ItemId, Sku, Utc

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Cents = Annotated[int, Field(ge=0, le=10**12)]
Code = Annotated[str, Field(max_length=64)]
Version = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""As the author counts: 1, 2026.11, 1.0+a1b2c3. No blanks."""
Action: TypeAlias = Literal["email", "stylist_call", "offer", "nothing"]


class Question(Contract):
    """What every question says. `seed`: the same question with the same seed must get the same answer."""

    client_id: ClientId
    now: Utc
    seed: int = Field(default=0, ge=0, lt=2**53)


class Answer(Contract):
    """What every answer may say."""

    propensity: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """How likely this very answer was, where the algorithm draws by chance; later comparisons rest on it."""


class Touch(Contract):
    """What a client did with an item: `kind` is an event's name, such as order_placed or item_clicked.

    `category`, `colour`, `price_cents` (today's): of the item, which may be no candidate; left at their defaults when
    the catalogue does not know it."""

    item_id: ItemId
    kind: Code
    at: Utc
    quantity: int = Field(default=1, ge=1)
    category: Code = ""
    colour: Code = ""
    price_cents: Cents | None = None


class Occurrence(Contract):
    """Something a client did. `value_cents`: of an order."""

    kind: Code
    at: Utc
    value_cents: Cents = 0


class Candidate(Contract):
    """An item that may be shown. `house_score`: the house's own ranking, whose `parts` add up to it."""

    item_id: ItemId
    category: Code = ""
    colour: Code = ""
    price_cents: Cents = 0
    on_hand: int = Field(default=0, ge=0)
    house_score: Finite = 0.0
    parts: dict[Code, Finite] = Field(default_factory=dict)


class RankingQuestion(Question):
    """Which `n` of the candidates for this client, here, now."""

    n: int = Field(ge=1, le=1_000)
    context: Code = "email"
    sizes: tuple[Code, ...] = ()
    tags: tuple[Code, ...] = ()
    touches: tuple[Touch, ...] = ()
    candidates: tuple[Candidate, ...] = Field(default=(), max_length=50_000)


class Scored(Contract):
    """One item of an answer."""

    item_id: ItemId
    score: Finite


class RankingAnswer(Answer):
    """Best first: `n` of the candidates, or all of them where they are fewer."""

    items: Annotated[tuple[Scored, ...], FailFast(), Field(max_length=1_000)]


class EngagementQuestion(Question):
    """How engaged is this client, and when will that fall below the next of `thresholds`, highest first."""

    events: tuple[Occurrence, ...] = ()
    thresholds: tuple[Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)], ...] = ()


class EngagementAnswer(Answer):
    """The score, and when it crosses if nothing happens; none: never."""

    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    crosses_at: Utc | None = None


class RiskQuestion(Question):
    """How likely is this client to be still one, and how many orders will come within the horizon."""

    orders: tuple[Occurrence, ...] = ()
    horizon_days: int = Field(default=90, ge=1, le=3_650)


class RiskAnswer(Answer):
    """`p_alive`: the chance that the client has not left. `falls_at`: when silence alone puts them at risk against
    their own rhythm, past moments too: the client's workflow wakes then. Without it, `p_alive` under .5 counts."""

    p_alive: Share
    expected_orders: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    falls_at: Utc | None = None


class SessionQuestion(Question):
    """How to order what this visitor sees, given what they touched in this session.

    `n`: so many are shown; none: all."""

    n: int | None = Field(default=None, ge=1, le=1_000)
    items: tuple[Candidate, ...] = Field(default=(), max_length=1_000)
    touches: tuple[Touch, ...] = ()


class SessionAnswer(Answer):
    """The `n` best of the question's items, or all of them, best first.

    `propensity`: how likely the first of them was to come first.
    """

    items: Annotated[tuple[ItemId, ...], FailFast(), Field(max_length=1_000)]


class Piece(Contract):
    """A unit that may go into the box, and what it is worth to the client. Without a `colour` it counts as none."""

    sku: Sku
    category: Code = ""
    colour: Code = ""
    price_cents: Cents
    score: Finite


class AssemblyQuestion(Question):
    """Which pieces make the box: the highest sum of scores within the limits. None: no limit.

    Of `must_have`, as many categories as can be have a piece in the box, whatever that costs in score. Else a piece
    with a score of 0 or less is never worth its place.
    """

    slots: int = Field(default=5, ge=1, le=50)
    budget_cents: Cents | None = None
    item_cap_cents: Cents | None = None
    category_cap: int | None = Field(default=None, ge=1)
    colour_cap: int | None = Field(default=None, ge=1)
    must_have: tuple[Code, ...] = Field(default=(), max_length=10)
    pieces: tuple[Piece, ...] = Field(default=(), max_length=50_000)


class AssemblyAnswer(Answer):
    """The box; it may stay partly empty."""

    skus: Annotated[tuple[Sku, ...], FailFast(), Field(max_length=50)]


class Window(Contract):
    """A stretch of time in which mail may leave; `until` no longer belongs to it."""

    start: Utc
    until: Utc


class SendTimeQuestion(Question):
    """When to send inside the windows."""

    windows: tuple[Window, ...] = Field(min_length=1, max_length=1_000)
    opened: tuple[Utc, ...] = ()

    @model_validator(mode="after")
    def _some_open(self) -> Self:
        if not any(max(window.start, self.now) < window.until for window in self.windows):
            raise ValueError("no window is open at now or later")
        return self


class SendTimeAnswer(Answer):
    """The moment."""

    at: Utc


class NextActionQuestion(Question):
    """What to do next for this client, of what is allowed."""

    allowed: tuple[Action, ...] = Field(min_length=1)
    engagement: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    p_alive: Share = 1.0
    events: tuple[Occurrence, ...] = ()


class NextActionAnswer(Answer):
    """The action, and what it adds over doing nothing, in the unit that the algorithm was trained on."""

    action: Action
    uplift: Finite = 0.0


class Order(Contract):
    """What goes to an algorithm: a batch of questions for one slot, and the seconds until nobody waits any more."""

    slot: Code
    seconds: float
    questions: tuple[Question, ...]


class Reply(Contract):
    """What comes back: one answer for each question, in their order; null where the algorithm has none."""

    version: Version = "unstated"
    answers: tuple[Any, ...]
    error: str | None = None
    """Why an answer is missing; for the author alone."""
