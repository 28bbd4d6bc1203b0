"""The questions and answers of the slots. Their JSON Schemas are the contract with every algorithm.

Ids are opaque, amounts whole cents, moments ISO 8601 in UTC. No question holds a name, an address or a client's words.
A question may gain fields: an algorithm ignores those it does not know. An answer may say more than is asked.
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


class SlotQuestion(Contract):
    """The fields of every question. `seed`: the same question with the same seed must get the same answer."""

    client_id: ClientId
    now: Utc
    seed: int = Field(default=0, ge=0, lt=2**53)


class SlotAnswer(Contract):
    """The fields of every answer."""

    propensity: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """The probability of this very answer, where the algorithm randomises; later comparisons depend on it."""


class Touch(Contract):
    """Something that a client did with an item: `kind` is an event's name, such as order_placed or item_clicked.

    `category`, `colour`, `price_cents` (today's): of the item, which may be no candidate; left at their defaults when
    the catalogue does not know it.
    """

    item_id: ItemId
    kind: Code
    at: Utc
    quantity: int = Field(default=1, ge=1)
    category: Code = ""
    colour: Code = ""
    price_cents: Cents | None = None


class Occurrence(Contract):
    """An event of a client. `value_cents`: of an order."""

    kind: Code
    at: Utc
    value_cents: Cents = 0


class Candidate(Contract):
    """An item that may be shown. `house_score`: the built-in blended score, whose `parts` add up to it."""

    item_id: ItemId
    category: Code = ""
    colour: Code = ""
    price_cents: Cents = 0
    on_hand: int = Field(default=0, ge=0)
    house_score: Finite = 0.0
    parts: dict[Code, Finite] = Field(default_factory=dict)


class RankingQuestion(SlotQuestion):
    """Which `n` of the candidates to show this client, here, now."""

    n: int = Field(ge=1, le=1_000)
    context: Code = "email"
    sizes: tuple[Code, ...] = ()
    tags: tuple[Code, ...] = ()
    touches: tuple[Touch, ...] = ()
    candidates: tuple[Candidate, ...] = Field(default=(), max_length=50_000)


class ScoredItem(Contract):
    """One item of an answer."""

    item_id: ItemId
    score: Finite


class RankingAnswer(SlotAnswer):
    """Best first: `n` of the candidates, or all of them where they are fewer."""

    items: Annotated[tuple[ScoredItem, ...], FailFast(), Field(max_length=1_000)]


class EngagementQuestion(SlotQuestion):
    """How engaged this client is, and when that falls below the next of `thresholds`, highest first."""

    events: tuple[Occurrence, ...] = ()
    thresholds: tuple[Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)], ...] = ()


class EngagementAnswer(SlotAnswer):
    """The score, and when it crosses a threshold if nothing happens; null: not stated, and the slot is asked again some
    days later."""

    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    crosses_at: Utc | None = None


class RiskQuestion(SlotQuestion):
    """How likely this client is still a client, and how many orders will come within the horizon."""

    orders: tuple[Occurrence, ...] = ()
    horizon_days: int = Field(default=90, ge=1, le=3_650)


class RiskAnswer(SlotAnswer):
    """`p_alive`: the probability that the client has not left.

    `falls_at`: when silence alone puts them at risk against their own cadence; it may be past, and the client's
    workflow wakes then. Without it, `p_alive` under .5 counts as at risk.
    """

    p_alive: Share
    expected_orders: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    falls_at: Utc | None = None


class SessionQuestion(SlotQuestion):
    """How to order what this visitor sees, given what they touched in this session.

    `n`: how many are shown; null: all.
    """

    n: int | None = Field(default=None, ge=1, le=1_000)
    items: tuple[Candidate, ...] = Field(default=(), max_length=1_000)
    touches: tuple[Touch, ...] = ()


class SessionAnswer(SlotAnswer):
    """The `n` best of the question's items, or all of them, best first.

    `propensity`: the probability of the first item to come first.
    """

    items: Annotated[tuple[ItemId, ...], FailFast(), Field(max_length=1_000)]


class Piece(Contract):
    """A unit that may go into the box, and what it is worth to the client. An empty `colour` is no colour."""

    sku: Sku
    category: Code = ""
    colour: Code = ""
    price_cents: Cents
    score: Finite


class AssemblyQuestion(SlotQuestion):
    """Which pieces make the box: the highest sum of scores within the limits. Null: no limit.

    As many categories of `must_have` as possible have a piece in the box, whatever that costs in score. Otherwise a
    piece with a score of 0 or less is never worth its place.
    """

    slots: int = Field(default=5, ge=1, le=50)
    budget_cents: Cents | None = None
    item_cap_cents: Cents | None = None
    category_cap: int | None = Field(default=None, ge=1)
    colour_cap: int | None = Field(default=None, ge=1)
    must_have: tuple[Code, ...] = Field(default=(), max_length=10)
    pieces: tuple[Piece, ...] = Field(default=(), max_length=50_000)


class AssemblyAnswer(SlotAnswer):
    """The box; it may stay partly empty."""

    skus: Annotated[tuple[Sku, ...], FailFast(), Field(max_length=50)]


class SendWindow(Contract):
    """A stretch of time in which mail may leave; `until` is excluded."""

    start: Utc
    until: Utc


class SendTimeQuestion(SlotQuestion):
    """When to send inside the windows."""

    windows: tuple[SendWindow, ...] = Field(min_length=1, max_length=1_000)
    opened: tuple[Utc, ...] = ()

    @model_validator(mode="after")
    def _some_open(self) -> Self:
        if not any(max(window.start, self.now) < window.until for window in self.windows):
            raise ValueError("no window is open at now or later")
        return self


class SendTimeAnswer(SlotAnswer):
    """The moment to send."""

    at: Utc


class NextActionQuestion(SlotQuestion):
    """What to do next for this client, of what is allowed."""

    allowed: tuple[Action, ...] = Field(min_length=1)
    engagement: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    p_alive: Share = 1.0
    events: tuple[Occurrence, ...] = ()


class NextActionAnswer(SlotAnswer):
    """The action, and its uplift over doing nothing, in the unit that the algorithm was trained on."""

    action: Action
    uplift: Finite = 0.0


class QuestionBatch(Contract):
    """What is sent to an algorithm: a batch of questions for one slot, and the seconds until the deadline."""

    slot: Code
    seconds: float
    questions: tuple[SlotQuestion, ...]


class AnswerBatch(Contract):
    """What comes back: one answer for each question, in order; null where the algorithm has none."""

    version: Version = "unstated"
    answers: tuple[Any, ...]
    error: str | None = None
    """Why an answer is missing; for the author alone."""
