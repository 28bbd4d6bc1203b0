"""Business time and real time.

Everything stored and every rule uses business time; only timers and network timeouts are real. In production both
are the same. The demo shop runs a day every few seconds, and its clock stands still while it is stopped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.base import Contract, Utc

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STANDING_WAIT = timedelta(seconds=10)
"""How long to wait before looking again at a clock that stands still."""


class Clock(Contract):
    """A line through (`real_anchor`, `business_anchor`) with slope `pace` (business seconds per real second).

    A pace of 0 is a clock that stands still at `business_anchor`.
    """

    real_anchor: Utc = EPOCH
    business_anchor: Utc = EPOCH
    pace: float = 1.0

    def business(self, real: datetime) -> datetime:
        """Convert the real moment `real` to business time."""
        return self.business_anchor + (real - self.real_anchor) * self.pace

    def real_wait(self, until: datetime, now: datetime) -> timedelta:
        """Compute the real time from business `now` to business `until`; zero when that has passed."""
        if self.pace <= 0:
            return STANDING_WAIT if until > now else timedelta(0)
        return max((until - now) / self.pace, timedelta(0))

    def reanchor(self, real: datetime, business: datetime) -> Clock:
        """Return a clock of the same pace that shows `business` at the real moment `real`."""
        return self.model_copy(update={"real_anchor": real, "business_anchor": business})
