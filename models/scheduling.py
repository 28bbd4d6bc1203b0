"""What a scheduler may know: times and habits, nothing about who the client is."""

from __future__ import annotations

from models.base import ClientId, Contract, Utc
from models.states import TouchKind


class SchedulingFacts(Contract):
    """The window in which a mail may leave, and when this client tends to read. Hours are of the client's own day."""

    client_id: ClientId
    """For the record of the call; the model does not see it."""
    n: int
    kind: TouchKind
    now: Utc
    earliest: Utc
    latest: Utc
    time_zone: str
    quiet_from_hour: int
    quiet_until_hour: int
    preferred_hour: int | None = None
    reading_hours: tuple[int, ...] = ()
    """Hours at which the client opened or clicked our mail, latest first."""
    last_sent_at: Utc | None = None
