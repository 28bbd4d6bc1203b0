"""What the store gives to the algorithms: statistics of many clients, interactions, and one client's signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Final

from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY

SIGNAL: Final[Mapping[str, float]] = {
    "order_placed": 1.0,
    "fix_kept": 1.0,
    "wishlisted": 0.7,
    "added_to_cart": 0.5,
    "item_clicked": 0.2,
    "email_clicked": 0.2,
    "item_viewed": 0.1,
    "order_returned": -1.3,
    "fix_sent_back": -0.4,
}
"""How much an interaction says about a client's liking for an item. A return takes back its order and a little more.
`fix_feedback` is read as kept or sent back."""

OWNING: Final = frozenset({"order_placed", "fix_kept"})
RETURNING: Final = frozenset({"order_returned"})
REJECTING: Final = frozenset({"order_returned", "fix_sent_back"})
SENT_BACK_DAYS: Final = 90.0
"""Days for which an item that a client sent back is not shown or sent again."""


@dataclass(frozen=True, slots=True)
class Histories:
    """The sufficient statistics of n clients, each array of shape (n,). Times in epoch seconds, NaN where there is
    none.

    `value`: of all orders, in the shop's currency.
    """

    anchor: Floats
    frequency: Floats
    monetary: Floats
    last_order: Floats
    first_order: Floats
    orders: Floats
    signed_up: Floats
    value: Floats

    def __len__(self) -> int:
        return len(self.anchor)

    def select(self, rows: slice | Flags | Ints) -> Histories:
        """Return the statistics of some of the clients; a slice makes no copy."""
        return Histories(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class WeightedInteractions:
    """The m interactions between `clients` and `items`. `weight` as in SIGNAL; `at` in epoch seconds."""

    clients: tuple[str, ...]
    items: tuple[str, ...]
    client: Ints
    item: Ints
    weight: Floats
    at: Floats

    def __len__(self) -> int:
        return len(self.at)

    def select(self, rows: Flags) -> WeightedInteractions:
        """Return some of the interactions; clients and items keep their indexes."""
        return WeightedInteractions(
            self.clients, self.items, self.client[rows], self.item[rows], self.weight[rows], self.at[rows]
        )


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction of one client: `kind` as in SIGNAL, `at` in epoch seconds."""

    item_id: str
    kind: str
    at: float
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Quiz:
    """Preferences that the client stated. `budget_cents`: what they like to pay for one piece."""

    styles: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    budget_cents: int | None = None


@dataclass(frozen=True)
class ClientSignals:
    """Everything that a ranking may know about one client."""

    client_id: str
    sizes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    time_zone: str = "UTC"
    quiz: Quiz = field(default_factory=Quiz)
    touches: tuple[Interaction, ...] = ()
    personal: bool = True
    """Whether rankings may use them; False: the client refused personalisation."""

    def leave_out_person(self) -> ClientSignals:
        """Return what may be used of a client who refused personalisation: what fits, no taste and no behaviour."""
        return ClientSignals(self.client_id, self.wears, time_zone=self.time_zone, personal=False)

    @cached_property
    def wears(self) -> tuple[str, ...]:
        """The sizes of the profile, else those of the quiz; empty: no constraint."""
        return self.sizes or self.quiz.sizes

    @cached_property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts whose preferences say something about this client: tags and styles, each once."""
        return build_cohorts(self.tags, self.quiz.styles)

    @cached_property
    def is_unknown(self) -> bool:
        """Whether the client did nothing yet and named no taste, so that nothing can be matched."""
        return not (self.touches or self.quiz.styles or self.quiz.colours or self.quiz.categories)

    @cached_property
    def owned(self) -> frozenset[str]:
        """The items that were bought or kept and not all sent back."""
        left: dict[str, int] = {}
        for touch in self.touches:
            step = (touch.kind in OWNING) - (touch.kind in RETURNING)
            left[touch.item_id] = left.get(touch.item_id, 0) + step * touch.quantity
        return frozenset(item for item, quantity in left.items() if quantity > 0)

    def list_sent_back(self, now: float, days: float = SENT_BACK_DAYS) -> frozenset[str]:
        """Return the items that came back in the `days` before `now` (epoch seconds)."""
        return frozenset(t.item_id for t in self.touches if t.kind in REJECTING and 0 <= now - t.at <= days * DAY)


def build_cohorts(tags: tuple[str, ...], styles: tuple[str, ...]) -> tuple[str, ...]:
    """Build the cohort keys from a client's tags and styles."""
    return tuple(
        dict.fromkeys([*("tag:" + normalise_word(t) for t in tags), *("style:" + normalise_word(s) for s in styles)])
    )


def normalise_word(word: str) -> str:
    """Return a word as it is compared: case and outer spaces do not count."""
    return word.strip().casefold()
