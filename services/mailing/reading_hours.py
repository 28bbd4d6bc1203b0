"""The house's answer to when a mail is to leave: at the hour at which the client reads, as far as it is known."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection

from domain.arrays import Floats
from domain.histories import cohorts
from domain.reading_hours import HOURS, WAIT, counted, habit, proposed
from domain.timing import MailRules, windows, zone_of
from models.clients import Client
from models.states import TouchKind
from store.mail import mail_facts, reading_hours
from store.mail.ledger import Ledger
from store.mail.reading_hours import EVERYBODY

CHECK_SECONDS: Final = 60.0
"""Real seconds for which the cohorts' hours are used without a look at the store; they change once a night."""
READ: Final = 20
"""The client's latest opens and clicks that count."""


class ReadingHours:
    """One for a process; safe to ask from many threads, of which two may look at once."""

    def __init__(
        self, *, check_seconds: float = CHECK_SECONDS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._check_seconds, self._monotonic = check_seconds, monotonic
        self._known: dict[str, Floats] = {}
        self._checked = float("-inf")

    def proposed(
        self, connection: Connection, row: Ledger, client: Client, rules: MailRules, earliest: datetime, now: datetime
    ) -> datetime | None:
        """A moment within a day from `earliest` on; None: as soon as it is allowed, or at the hour that the client
        stated. A welcome waits for nothing, since whoever signed up is there. One short statement."""
        if client.policy.preferred_hour is not None or row.kind == TouchKind.WELCOME:
            return None
        zone = zone_of(client.time_zone)
        own = counted(mail_facts.read_at(connection, client.client_id, now, READ), zone)
        shares = habit(own, self._of(connection, *cohorts(client.tags, ())), self._of(connection, EVERYBODY))
        if shares is None:
            return None
        return proposed(shares, zone, windows(rules, zone, client.policy, earliest, earliest + WAIT), client.client_id)

    def _of(self, connection: Connection, *names: str) -> Floats:
        """How often these cohorts read in each hour."""
        if self._monotonic() - self._checked > self._check_seconds:
            self._known, self._checked = reading_hours.load(connection), self._monotonic()
        return sum((self._known[name] for name in names if name in self._known), np.zeros(HOURS))
