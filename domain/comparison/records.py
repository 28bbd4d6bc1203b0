"""The records that a comparison reads from the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.slot_policies import SlotSplit


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """An answer that was used. `shown_at`: when the client saw its effect; None: not yet, or never."""

    id: str
    client_id: str
    question: str
    variant: str
    experiment: SlotSplit | None
    algorithm: str
    propensity: float | None
    seconds: float
    answer: dict[str, Any]
    faults: tuple[str, ...]
    shown_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What a shadow would have answered to the same `question`. `answer`: None when it gave no valid one."""

    question: str
    name: str
    seconds: float
    answer: dict[str, Any] | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Something that a client did afterwards: `kind` is `ordered`, `returned`, `kept`, `sent_back` or `touched`."""

    client_id: str
    kind: str
    at: datetime
    item_id: str | None
    order_id: str
    value_cents: int
