"""What every activity needs, passed down once: settings, the database, and the two times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from domain.engagement import EngagementRules
from domain.timing import MailRules
from models.clock import Clock
from settings import Settings
from store import clock as stored_clock
from store.mail.policy import mail_rules


def wall() -> datetime:
    """Real time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ServiceContext:
    """Shared by all activities of a process."""

    settings: Settings
    engine: Engine
    wall: Callable[[], datetime] = wall
    engagement: EngagementRules = field(default_factory=EngagementRules)

    @property
    def mail_rules(self) -> MailRules:
        """The shop's rules on when and how often to mail."""
        return mail_rules(self.settings)

    def real(self, at: datetime) -> datetime:
        """The real moment for which an activity decides: the workflow's `at`, or the wall's when the activity was
        retried or queued meanwhile. Under time-skipping the workflow's clock is ahead of the wall."""
        return max(at, self.wall())

    def business_time(self, connection: Connection, at: datetime) -> tuple[Clock, datetime]:
        """The stored clock, and the business now for a request made at the real moment `at`."""
        clock = stored_clock.load(connection)
        return clock, clock.business(self.real(at))
