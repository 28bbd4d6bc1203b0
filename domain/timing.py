"""When a mail may leave: quiet hours in the client's own day, and caps. The scheduler proposes; this disposes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.base import ClientId, Contract
from models.clients import ClientPolicy
from models.slots import Window

HORIZON: Final = timedelta(days=7)
"""No mail is planned further ahead than this."""
WEEK: Final = timedelta(days=7)
SPREAD: Final = timedelta(minutes=90)
_QUARTER: Final = timedelta(minutes=15)


class MailRules(Contract):
    """The shop's rules. Hours are of the client's own day; equal hours mean: no quiet time."""

    quiet_from_hour: int = 21
    quiet_until_hour: int = 8
    max_per_week: int = 2
    min_days_between: float = 2.0


@cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone `name`; UTC for one that this machine does not know (any more), since names are dropped now and
    then and machines differ: a client's life must not stop for it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def is_quiet(rules: MailRules, zone: ZoneInfo, at: datetime) -> bool:
    """Whether `at` falls into the client's quiet hours."""
    start, end, hour = rules.quiet_from_hour, rules.quiet_until_hour, at.astimezone(zone).hour
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def next_open(rules: MailRules, zone: ZoneInfo, at: datetime) -> datetime:
    """The earliest moment, not before `at`, outside the client's quiet hours. Holds over clock changes."""
    if not is_quiet(rules, zone, at):
        return at
    local = at.astimezone(zone)
    opening = local.replace(hour=rules.quiet_until_hour, minute=0, second=0, microsecond=0, fold=0)
    if opening <= local:
        opening += timedelta(days=1)
    candidate = opening.astimezone(at.tzinfo)
    # Where clocks are set forward over the opening hour, the wall time names a moment that is still quiet, or past.
    while candidate < at or is_quiet(rules, zone, candidate):
        candidate += _QUARTER
    return candidate


def spread_open(rules: MailRules, zone: ZoneInfo, at: datetime, client_id: ClientId) -> datetime:
    """`next_open`, spread over the first hour and a half of the day, so that a whole time zone is not mailed at once.

    Each client has a place of their own in that time, always the same.
    """
    opening = next_open(rules, zone, at)
    if opening == at:
        return at
    place = crc32(client_id.encode()) / 2**32
    return next_open(rules, zone, opening + SPREAD * place)


def cap_opens_at(rules: MailRules, policy: ClientPolicy, sent_at: Sequence[datetime], now: datetime) -> datetime | None:
    """From when the caps allow another mail, given when mails were sent. `now` when they allow it; None for never."""
    per_week = rules.max_per_week if policy.max_mails_per_week is None else policy.max_mails_per_week
    if per_week == 0:
        return None
    recent = sorted(t for t in sent_at if t > now - WEEK)
    opens = [now]
    if sent_at:
        opens.append(max(sent_at) + timedelta(days=rules.min_days_between))
    if len(recent) >= per_week:
        opens.append(recent[-per_week] + WEEK)
    return max(opens)


def dispose(
    rules: MailRules, zone: ZoneInfo, policy: ClientPolicy, proposed: datetime | None, earliest: datetime
) -> datetime:
    """The moment at which to send: the proposal if it lies within a week and outside quiet hours, else the next best.

    Without a proposal it is the client's preferred hour, else as soon as the window is open.
    """
    if proposed is not None and earliest <= proposed <= earliest + HORIZON:
        return next_open(rules, zone, proposed)
    if policy.preferred_hour is not None:
        return next_open(rules, zone, _next_hour(zone, policy.preferred_hour, earliest))
    return next_open(rules, zone, earliest)


def windows(
    rules: MailRules, zone: ZoneInfo, policy: ClientPolicy, earliest: datetime, until: datetime
) -> tuple[Window, ...]:
    """All the time from `earliest` to `until` in which a mail may leave, in order: outside quiet hours, and within the
    hour that the client asked for, where one is. What lies in it passes `dispose` as it is."""
    hour, at = policy.preferred_hour, earliest
    found: list[Window] = []
    while True:
        start = next_open(rules, zone, at if hour is None else _next_hour(zone, hour, at))
        if start >= until:
            return tuple(found)
        at = min(_closing(rules, zone, start, until), until if hour is None else next_full_hour(zone, start))
        found.append(Window(start=start, until=at))


def _closing(rules: MailRules, zone: ZoneInfo, at: datetime, until: datetime) -> datetime:
    """When the quiet hours after the open moment `at` begin; `until` where that is earlier."""
    if rules.quiet_from_hour == rules.quiet_until_hour:
        return until
    closing = _next_hour(zone, rules.quiet_from_hour, at)
    # Where clocks are set forward over the closing hour, the wall time names a moment that is quiet already.
    while closing - _QUARTER > at and is_quiet(rules, zone, closing - _QUARTER):
        closing -= _QUARTER
    return min(closing, until)


def next_full_hour(zone: ZoneInfo, at: datetime) -> datetime:
    """When the next hour of the local day begins, after `at`."""
    local = at.astimezone(zone)
    return (
        at + timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    )


def _next_hour(zone: ZoneInfo, hour: int, at: datetime) -> datetime:
    local = at.astimezone(zone)
    if local.hour == hour:
        return at
    wanted = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return (wanted if wanted > local else wanted + timedelta(days=1)).astimezone(at.tzinfo)
