"""How many mails a receiving domain gets a day while it learns who we are, and how long it rests when it asks us to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from models.base import Contract

FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(hours=1)


class DomainRecord(Contract):
    """What is stored of mail to one domain. Times are real time; `sent` counts the mails of the day `day`."""

    since: datetime
    day: datetime
    sent: int = 0
    deferrals: int = 0
    rest_until: datetime | None = None


def begin_day(moment: datetime) -> datetime:
    """Return the beginning of the day (UTC) of a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def find_wait(record: DomainRecord | None, schedule: Sequence[int], now: datetime) -> tuple[str, datetime] | None:
    """Find why the next mail to a domain waits, and until when; None when it may go.

    Args:
        schedule: the mails of the first day, the second, and so on; after its end there is no limit.
    """
    if record is None:
        return None
    if record.rest_until is not None and record.rest_until > now:
        return "domain_rests", record.rest_until
    today = begin_day(now)
    age = (today - begin_day(record.since)).days
    if age < len(schedule) and record.day == today and record.sent >= schedule[age]:
        return "warm_up", today + timedelta(days=1)
    return None


def count_mail(record: DomainRecord | None, now: datetime) -> DomainRecord:
    """Return the record after one more mail."""
    today = begin_day(now)
    if record is None:
        return DomainRecord(since=now, day=today, sent=1)
    return record.model_copy(update={"day": today, "sent": record.sent + 1 if record.day == today else 1})


def defer_domain(record: DomainRecord | None, now: datetime) -> DomainRecord:
    """Return the record after the domain asked us to slow down: it rests, twice as long each time in a row.

    Several mails under way are told so at once: that counts as one time.
    """
    before = record or DomainRecord(since=now, day=begin_day(now))
    if before.rest_until is not None and before.rest_until > now:
        return before
    rest = min(LONGEST_REST, FIRST_REST * 2 ** min(before.deferrals, 10))
    return before.model_copy(update={"deferrals": before.deferrals + 1, "rest_until": now + rest})
