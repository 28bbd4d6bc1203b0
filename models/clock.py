"""Business time and real time.

Everything stored and every rule uses business time; only timers and network timeouts are real. In production both
are the same. The demo shop runs a day every few seconds, and its clock stands still while it is stopped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.base import Contract, Utc

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STANDING_WAIT = timedelta(seconds=10)
"""How long to wait on a clock that stands still before looking at it again."""


class Clock(Contract):
    """A line through (`real_anchor`, `business_anchor`) with slope `pace` (business seconds a real second).

    A pace of 0 is a clock that stands still at `business_anchor`.
    """

    real_anchor: Utc = EPOCH
    business_anchor: Utc = EPOCH
    pace: float = 1.0

    def business(self, real: datetime) -> datetime:
        """The business time at the real moment `real`."""
        return self.business_anchor + (real - self.real_anchor) * self.pace

    def real_wait(self, until: datetime, now: datetime) -> timedelta:
        """How long in real time from business `now` to business `until`; zero when it has passed."""
        if self.pace <= 0:
            return STANDING_WAIT if until > now else timedelta(0)
        return max((until - now) / self.pace, timedelta(0))

    def reanchored(self, real: datetime, business: datetime) -> Clock:
        """The same pace, with business time `business` at the real moment `real`."""
        return self.model_copy(update={"real_anchor": real, "business_anchor": business})
