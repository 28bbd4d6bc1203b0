"""The rows that one client's page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.base import ClientId, ItemId
from models.states import Band, HoldSource, OutreachState, Phase
from store.sql.records import Record


@dataclass(frozen=True, slots=True)
class TimelineClient(Record):
    """The client with their latest assessment, None before the first, and the totals of their orders."""

    client_id: ClientId
    email: str
    first_name: str
    time_zone: str
    time_zone_assumed: bool
    signed_up_at: datetime
    consent: bool
    consent_at: datetime | None
    consent_source: str
    purposes: dict[str, Any]
    sizes: tuple[str, ...]
    tags: tuple[str, ...]
    quiz: dict[str, Any] | None
    phase: Phase | None
    phase_since: datetime | None
    score: float | None
    assessed_at: datetime | None
    crosses_at: datetime | None
    next_touch_at: datetime | None
    orders: int | None
    orders_value_cents: int | None
    last_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientHold(Record):
    """Who holds back the client's mail, since when and why."""

    source: HoldSource
    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class MailStep(Record):
    """One step of one mail."""

    n: int
    at: datetime
    state: OutreachState
    code: str


@dataclass(frozen=True, slots=True)
class PastModelCall(Record):
    """One call of a language model for the client. `verdict`: ok, or the code of what went wrong."""

    at: datetime
    n: int | None
    agent: str
    prompt_version: str
    model: str
    tokens_in: int
    tokens_out: int
    latency_ms: float
    verdict: str


@dataclass(frozen=True, slots=True)
class PastAssessment(Record):
    """One assessment. `risk`: the churn risk as stored, None without a risk model."""

    at: datetime
    score: float
    band: Band
    phase: Phase
    algorithm: str
    risk: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TimelineEvent(Record):
    """One event."""

    type: str
    occurred_at: datetime
    item_id: ItemId | None
    value_cents: int | None


@dataclass(frozen=True, slots=True)
class ScoreEvent:
    """One event that counts for the score; an order once, less what came back."""

    type: str
    occurred_at: datetime
    value_cents: int
