"""Propose when a mail leaves: at the hour at which the client reads, as far as it is known."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection

from domain.arrays import Floats
from domain.histories import build_cohorts
from domain.reading_hours import HOURS, LONGEST_WAIT, count_by_hour, estimate_habit, propose_send_time
from domain.timing import MailRules, list_send_windows, load_zone
from models.clients import Client
from models.states import TouchKind
from store.mail import mail_facts, reading_hours
from store.mail.ledger import LedgerRow
from store.mail.reading_hours import EVERYBODY

CHECK_SECONDS: Final = 60.0
"""Real seconds for which the cohorts' hours are used without a look at the store; they change once a night."""
MOST_READS: Final = 20
"""The client's latest opens and clicks that count."""


class ReadingHours:
    """The cohorts' reading hours of one process; safe to use from many threads, of which two may load at once."""

    def __init__(
        self, *, check_seconds: float = CHECK_SECONDS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._check_seconds, self._monotonic = check_seconds, monotonic
        self._known: dict[str, Floats] = {}
        self._checked = float("-inf")

    def propose_time(
        self,
        connection: Connection,
        row: LedgerRow,
        client: Client,
        rules: MailRules,
        earliest: datetime,
        now: datetime,
    ) -> datetime | None:
        """Propose a moment within a day from `earliest` on; None: as soon as it is allowed, or at the hour that the
        client set. A welcome waits for nothing, since whoever signed up is there. Runs one short statement."""
        if client.policy.preferred_hour is not None or row.kind == TouchKind.WELCOME:
            return None
        zone = load_zone(client.time_zone)
        own = count_by_hour(mail_facts.list_reading_times(connection, client.client_id, now, MOST_READS), zone)
        shares = estimate_habit(
            own, self._sum_shares(connection, *build_cohorts(client.tags, ())), self._sum_shares(connection, EVERYBODY)
        )
        if shares is None:
            return None
        return propose_send_time(
            shares,
            zone,
            list_send_windows(rules, zone, client.policy, earliest, earliest + LONGEST_WAIT),
            client.client_id,
        )

    def _sum_shares(self, connection: Connection, *names: str) -> Floats:
        """Sum how often these cohorts read in each hour."""
        if self._monotonic() - self._checked > self._check_seconds:
            self._known, self._checked = reading_hours.load_counts(connection), self._monotonic()
        return sum((self._known[name] for name in names if name in self._known), np.zeros(HOURS))
