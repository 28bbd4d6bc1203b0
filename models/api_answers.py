"""The answers of the HTTP API that no other room needs, and the one shape of its errors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.base import ClientId, Contract, ItemId
from models.calls import Call
from models.clients import Client
from models.erasures import ErasureStatus
from models.flags import FlagSlug
from models.recommendation_requests import PageContext
from models.slot_policies import SlotPolicy


class ErrorDetail(Contract):
    """What is wrong. `code`: a stable word for programs; `field`: what to mend, null when it is no one field;
    `message`: one plain sentence for people."""

    code: str
    field: str | None
    message: str


class ErrorAnswer(Contract):
    """The body of every answer from 400 upwards."""

    error: ErrorDetail


class EventRefusal(Contract):
    """An event that was not stored. `index`: its position in the request, from 0; `event_id`: null when unreadable."""

    index: int
    event_id: str | None
    field: str
    reason: str


class EventsAnswer(Contract):
    """What became of each event: stored now, stored before, or refused."""

    accepted: list[str]
    duplicates: list[str]
    refused: list[EventRefusal]


class ClientAnswer(Client):
    """A client as saved. `notes`: what was not done as asked, such as `withdrawal_kept`; `sharing_mailbox`: how many
    other clients have the same mailbox, and share its opt-outs and caps; `shares_mailbox_with`: the first few."""

    notes: tuple[str, ...] = ()
    sharing_mailbox: int = 0
    shares_mailbox_with: tuple[ClientId, ...] = ()


class ClientExport(BaseModel):
    """All data of a client; each further field holds the rows of one table (docs/privacy.md)."""

    model_config = ConfigDict(extra="allow")

    format: str
    client_id: ClientId
    as_of: str
    profile: dict[str, Any]
    suppressed: dict[str, Any] | None
    consent: list[dict[str, Any]]


class ErasureAnswer(ErasureStatus):
    """The status of an erasure and the address at which it can be read again."""

    status_url: str


class CancelledFix(Contract):
    """The Fix whose cancellation was requested."""

    fix_id: str


class CallList(Contract):
    """Calls in the requested state."""

    calls: list[Call]


class SlotSummary(Contract):
    """A slot: what it asks, and within which time it is answered."""

    slot: str
    asks: str
    deadline_ms: int


class SlotSchema(SlotSummary):
    """A slot with the JSON Schemas of its question and its answer."""

    question: dict[str, Any]
    answer: dict[str, Any]


class SlotPolicyAnswer(SlotPolicy):
    """The policy in force. `deadline_ms` is always stated here."""

    slot: str


class RecommendedItem(Contract):
    """An item, its score for the client (0: none of its own), and with `explain` the reason in words."""

    item_id: ItemId
    score: float
    why: str | None = None


class _DecisionAnswer(Contract):
    """An answer of a slot to one client. `decision`: its id on record, null when it was not recorded; `variant`: the
    part of a running experiment."""

    client_id: ClientId
    decision: str | None = Field(description="The id under which it was recorded; null when it was not.")
    algorithm: str
    version: str
    variant: str


class RecommendationsAnswer(_DecisionAnswer):
    """Items for a client, best first. `degraded`: what was missing: `client` (what is popular is shown instead),
    `record` (the decision is not on record), `variant` or `flags` (what a flag says does not hold this time). For an
    anonymous visit `session_id` stands in the place of `client_id`, and no decision is put on record."""

    client_id: ClientId | None = None  # type: ignore[assignment]  # none where nobody is known
    session_id: str | None = None
    context: PageContext
    items: list[RecommendedItem]
    degraded: tuple[str, ...] = ()
    flags: dict[FlagSlug, str] = Field(default_factory=dict)
    """The arm of each flag that holds here."""
    shown: bool = True
    """False: a flag leaves this placement empty."""
    delay_ms: int = 0
    """Milliseconds after its load at which the page is to show the items, as a flag says."""


class PageOrderAnswer(_DecisionAnswer):
    """The order of a page, best item first."""

    items: list[ItemId]
