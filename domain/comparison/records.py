"""What a comparison reads of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Live:
    """An answer that was used. `shown_at`: when the client saw what came of it; None: not yet, or never."""

    id: str
    client_id: str
    question: str
    variant: str
    experiment: str
    algorithm: str
    propensity: float | None
    seconds: float
    answer: dict[str, Any]
    faults: tuple[str, ...]
    shown_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shadow:
    """What another would have answered to the same `question`; None: nothing valid."""

    question: str
    name: str
    seconds: float
    answer: dict[str, Any] | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a client did later: `kind` is `ordered`, `returned`, `kept`, `sent_back` or `touched`."""

    client_id: str
    kind: str
    at: datetime
    item_id: str | None
    order_id: str
    value_cents: int
