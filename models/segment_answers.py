"""Saved segments and questions about filters, as people, commands and the API see and ask them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from models.base import ClientId, Contract, Id, StrictInput
from models.states import Phase

SegmentSlug = Id
FilterInput = Annotated[
    str | dict[str, Any], Field(description="The text that people type, or the tree as JSON; both mean the same.")
]
MOST_SHOWN = 100
"""Clients of a sample."""


def _require_text_or_tree(value: object) -> object:
    if not isinstance(value, str | dict | None):
        raise ValueError("must be the filter as text, or the tree as a JSON object")
    return value


class SegmentOrder(StrictInput):
    """A segment to save under its slug: its name, and the filter as text or tree."""

    name: str = Field(default="", max_length=120)
    """What people call it; the slug when not given."""
    filter: FilterInput

    _filter_form = field_validator("filter", mode="before")(_require_text_or_tree)


class SegmentQuestion(StrictInput):
    """Asks about a saved segment, or about a filter that is not saved; without both, about all clients."""

    segment: SegmentSlug | None = None
    filter: FilterInput | None = None
    limit: int = Field(default=10, ge=1, le=MOST_SHOWN)
    """Clients of the sample."""

    _filter_form = field_validator("filter", mode="before")(_require_text_or_tree)

    @model_validator(mode="after")
    def _one_of_both(self) -> SegmentQuestion:
        if self.segment is not None and self.filter is not None:
            raise ValueError("give a segment or a filter, not both")
        return self


class FilterAnswer(Contract):
    """A filter in its three forms: as text, as a sentence, and as the tree."""

    text: str
    sentence: str
    filter: dict[str, Any]


class SegmentCount(Contract):
    """How many clients a segment held on a day."""

    day: date
    clients: int


class Segment(FilterAnswer):
    """A saved segment. `clients`: at the last daily count; none: not counted yet. `counts`: of the last days."""

    slug: SegmentSlug
    name: str
    owner: str
    created_at: datetime
    updated_at: datetime
    clients: int | None = None
    counts: tuple[SegmentCount, ...] = ()


class SegmentList(Contract):
    """All saved segments, in the order of their slugs."""

    segments: tuple[Segment, ...]


class SegmentSize(FilterAnswer):
    """How many clients the filter holds now, and how many there are."""

    clients: int
    everyone: int


class SegmentMember(Contract):
    """One client of a segment; no name and no address. None: not assessed yet, or nothing ordered."""

    client_id: ClientId
    phase: Phase | None = None
    score: float | None = None
    orders: int = 0
    value: float = 0.0
    last_order_at: datetime | None = None
    tags: tuple[str, ...] = ()


class SegmentSample(FilterAnswer):
    """Some clients of the filter, drawn at random."""

    members: tuple[SegmentMember, ...]


class SegmentPlan(FilterAnswer):
    """How the database would count the filter, line by line."""

    database: str
    plan: tuple[str, ...]


class SegmentDeleted(Contract):
    """The segment that was deleted."""

    slug: SegmentSlug
