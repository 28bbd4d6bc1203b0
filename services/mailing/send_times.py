"""Choose when a mail leaves: an algorithm of the slot `send_time` proposes where there is one, else the hour at which
the client reads, as far as it is known. `domain.timing` has the last word."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, NamedTuple, cast

import numpy as np
from sqlalchemy import Connection

from algorithms.slots.built_in import BuiltIn
from algorithms.slots.slot_decisions import Unanswered
from domain.arrays import Floats
from domain.histories import build_cohorts
from domain.reading_hours import HOURS, LONGEST_WAIT, count_by_hour, estimate_habit, propose_send_time
from domain.timing import HORIZON, MailRules, compute_cap_opening, fit_send_time, list_send_windows, load_zone
from errors import NotFound
from models.base import ClientId
from models.clients import Client
from models.slots import SendTimeAnswer, SendTimeQuestion
from models.states import TouchKind
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from store.clients import clients
from store.mail import mail_facts, reading_hours
from store.mail.ledger import LedgerRow
from store.mail.reading_hours import EVERYBODY

SLOT: Final = "send_time"
CHECK_SECONDS: Final = 60.0
"""Real seconds for which the cohorts' hours are used without a look at the store; they change once a night."""
MOST_READS: Final = 20
"""The client's latest opens and clicks that count."""

SendTimeAttempt = PendingDecision | Unanswered | None
"""The answer of an algorithm; or nobody's yet, and the built-in decides; or None where no algorithm has a part."""


class SendTimeFacts(NamedTuple):
    """What decides when a mail to a client leaves: the client, when mails of the last sixty days left, and when the
    client last read us."""

    client: Client
    sent_at: tuple[datetime, ...]
    read_at: tuple[datetime, ...]


def load_send_time_facts(
    connection: Connection, client_ids: Collection[ClientId], now: datetime
) -> dict[ClientId, SendTimeFacts]:
    """Load these facts of many clients, in three statements; those that there are not are left out."""
    people = clients.load_clients(connection, client_ids)
    sent = mail_facts.list_sent_times(connection, client_ids, now)
    read = mail_facts.list_reading_times(connection, client_ids, now, MOST_READS)
    return {
        client_id: SendTimeFacts(client, sent.get(client_id, ()), read.get(client_id, ()))
        for client_id, client in people.items()
    }


def require_send_time_facts(connection: Connection, client_id: ClientId, now: datetime) -> SendTimeFacts:
    """Load these facts of one client. Raises NotFound."""
    found = load_send_time_facts(connection, [client_id], now).get(client_id)
    if found is None:
        raise NotFound("no client has this id", "client_id")
    return found


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
        facts: SendTimeFacts,
        rules: MailRules,
        earliest: datetime,
    ) -> datetime | None:
        """Propose a moment within a day from `earliest` on; None: as soon as it is allowed, or at the hour that the
        client set. A welcome waits for nothing, since whoever signed up is there."""
        client = facts.client
        if client.policy.preferred_hour is not None or row.kind == TouchKind.WELCOME:
            return None
        zone = load_zone(client.time_zone)
        shares = estimate_habit(
            count_by_hour(facts.read_at, zone),
            self._sum_shares(connection, *build_cohorts(client.tags, ())),
            self._sum_shares(connection, EVERYBODY),
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


def choose_send_time(
    context: ServiceContext,
    connection: Connection,
    row: LedgerRow,
    facts: SendTimeFacts,
    proposed: datetime | None,
    now: datetime,
    hours: ReadingHours | None = None,
) -> datetime:
    """Choose when the mail leaves: not before the caps allow it, and outside the client's quiet hours. Where nobody
    proposed a moment, `hours` proposes the one at which the client reads."""
    client, rules = facts.client, context.find_rules(row.content)
    opens = find_earliest_time(rules, facts, now)
    if proposed is None and hours is not None:
        proposed = hours.propose_time(connection, row, facts, rules, opens)
    return fit_send_time(rules, load_zone(client.time_zone), client.policy, proposed, opens)


def find_earliest_time(rules: MailRules, facts: SendTimeFacts, now: datetime) -> datetime:
    """Find the moment from which the caps allow the client a mail."""
    return compute_cap_opening(rules, facts.client.policy, facts.sent_at, now) or now


def ask_slot(
    context: ServiceContext, decider: Decider, row: LedgerRow, facts: SendTimeFacts, now: datetime
) -> SendTimeAttempt:
    """Ask the slot's algorithms about this mail. The built-in comes later: it may be a model that thinks for long."""
    if not decider.has_algorithm(SLOT):
        return None
    client, rules = facts.client, context.find_rules(row.content)
    earliest = find_earliest_time(rules, facts, now)
    question = SendTimeQuestion(
        client_id=row.client_id,
        now=now,
        windows=list_send_windows(rules, load_zone(client.time_zone), client.policy, earliest, earliest + HORIZON),
        opened=facts.read_at,
    )
    return decider.ask_algorithms(SLOT, question)


def read_proposed_time(attempt: SendTimeAttempt) -> datetime | None:
    """Return the moment that an algorithm proposes; None where the built-in one decides."""
    return cast(SendTimeAnswer, attempt.decision.answer).at if isinstance(attempt, PendingDecision) else None


def save_decision(
    decider: Decider,
    connection: Connection,
    row: LedgerRow,
    attempt: SendTimeAttempt,
    at: datetime,
    now: datetime,
) -> None:
    """Save the answer with the mail; where the built-in algorithm decides, with the moment `at` that it chose."""
    if attempt is None:
        return
    if isinstance(attempt, Unanswered):
        decision = attempt.decide(BuiltIn(lambda _: SendTimeAnswer(at=at)))
        attempt = PendingDecision(SLOT, attempt.question, decision)
    decider.record(connection, attempt, now, n=row.n)
