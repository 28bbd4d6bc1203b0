"""Keep to what a receiving domain bears: its warm-up, and the rest that it asked for. Stored, so that it stretches over
restarts and workers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from domain.eligibility import Eligibility, SendDecision
from domain.warm_up import count_mail, defer_domain, find_wait
from models.clock import Clock
from services.context import ServiceContext
from store.mail import mail_domains


def parse_schedule(warm_up: str) -> tuple[int, ...]:
    """Parse SELVEDGE_WARM_UP: mails a day to one domain, by day since the first."""
    return () if warm_up == "none" else tuple(map(int, warm_up.split(",")))


def decide_pace(
    context: ServiceContext, connection: Connection, email: str, clock: Clock, real_now: datetime
) -> Eligibility | None:
    """Decide whether a mail to the domain of `email` has to wait; None when it may go. Only real mail is paced."""
    if not context.settings.has_real_mail:
        return None
    record = mail_domains.load_domain(connection, _hash(context, email))
    wait = find_wait(record, parse_schedule(context.settings.warm_up), real_now)
    if wait is None:
        return None
    return Eligibility(door=SendDecision.WAIT, code=wait[0], until=clock.business(wait[1]))


def count_domain_mail(context: ServiceContext, connection: Connection, email: str, real_now: datetime) -> None:
    """Count a mail that is handed over now."""
    if context.settings.has_real_mail:
        key = _hash(context, email)
        mail_domains.save_domain(connection, key, count_mail(mail_domains.load_domain(connection, key), real_now))


def rest_domain(context: ServiceContext, connection: Connection, email: str, real_now: datetime) -> None:
    """Let a domain rest that asked us to slow down."""
    if context.settings.has_real_mail:
        key = _hash(context, email)
        mail_domains.save_domain(connection, key, defer_domain(mail_domains.load_domain(connection, key), real_now))


def note_taken(context: ServiceContext, connection: Connection, email: str) -> None:
    """Note that a domain took a mail, so that its next rest is short again."""
    if context.settings.has_real_mail:
        mail_domains.end_deferrals(connection, _hash(context, email))


def lock_domains(context: ServiceContext, connection: Connection, emails: Iterable[str]) -> None:
    """Lock what is stored of the domains of several addresses, in one order for all."""
    if context.settings.has_real_mail:
        for key in sorted({_hash(context, email) for email in emails}):
            mail_domains.load_domain(connection, key)


def _hash(context: ServiceContext, email: str) -> str:
    return mail_domains.hash_domain(context.settings.keys.signing, email)
