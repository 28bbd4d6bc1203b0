"""What every service needs, passed down once: settings, the database, and real and business time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection, Engine

from domain.broadcasts import FROM
from domain.campaign_life import LOOK_AGAIN
from domain.engagement import EngagementRules
from domain.journeys.tightening import tighten_rules
from domain.review_policy import parse_policies
from domain.timing import MailRules
from models.clock import Clock
from models.journey_steps import MailContent
from models.states import TouchKind
from settings import Settings
from store import clock as stored_clock
from store.campaigns.sequences import SequenceReader
from store.mail.policy import build_mail_rules
from store.mail.suppressions import hash_mailbox


def read_wall_clock() -> datetime:
    """Return real time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ServiceContext:
    """Settings, database and clock of one process, shared by all its activities."""

    settings: Settings
    engine: Engine
    wall: Callable[[], datetime] = read_wall_clock
    engagement: EngagementRules = field(default_factory=EngagementRules)
    look_again: timedelta = LOOK_AGAIN
    """Business time between two looks of a campaign for clients who joined its audience."""

    broadcast_from: int = FROM
    """Clients whom a campaign lets in at once from whom on their mails are sent in parts."""

    @cached_property
    def mail_rules(self) -> MailRules:
        """The shop's rules on when and how often to mail."""
        return build_mail_rules(self.settings)

    def find_rules(self, content: MailContent | None) -> MailRules:
        """Find the rules for a mail: the shop's, tightened by what the step of a campaign says of it."""
        return self.mail_rules if content is None else tighten_rules(self.mail_rules, content)

    @cached_property
    def review_policies(self) -> Mapping[TouchKind, str]:
        """Which mails of each kind a person lets out; a kind that is absent needs nobody."""
        return parse_policies(self.settings.review)

    @cached_property
    def sequences(self) -> SequenceReader:
        """The lifecycle's sequences as they stand."""
        return SequenceReader()

    def hash_mailbox(self, email: str) -> str:
        """Compute the keyed hash of the mailbox of an address."""
        return hash_mailbox(self.settings.keys.signing, email, self.settings.mailbox_tags == "fold")

    def resolve_real_time(self, at: datetime) -> datetime:
        """Return the real moment for which an activity decides: the workflow's `at`, or the wall clock's when the
        activity was retried or queued meanwhile. Under time-skipping the workflow's clock is ahead of the wall."""
        return max(at, self.wall())

    def load_business_time(self, connection: Connection, at: datetime) -> tuple[Clock, datetime]:
        """Load the stored clock, and the business now for a request made at the real moment `at`."""
        clock = stored_clock.load_clock(connection)
        return clock, clock.business(self.resolve_real_time(at))
