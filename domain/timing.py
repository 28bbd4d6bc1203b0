"""When a mail may leave: quiet hours of the client's own day, and caps. A scheduler proposes; these rules decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.base import ClientId, Contract
from models.clients import ClientPolicy
from models.slots import SendWindow

HORIZON: Final = timedelta(days=7)
"""No mail is planned further ahead than this."""
WEEK: Final = timedelta(days=7)
OPENING_SPREAD: Final = timedelta(minutes=90)
"""The mails of one night leave over this stretch of the morning."""
_QUARTER: Final = timedelta(minutes=15)


class MailRules(Contract):
    """The shop's mail rules. Hours are of the client's own day; equal hours mean that there is no quiet time."""

    quiet_from_hour: int = 21
    quiet_until_hour: int = 8
    max_per_week: int = 2
    min_days_between: float = 2.0
    most_per_week: int = 7
    """A campaign's own cap, whatever the client allows."""


@cache
def load_zone(name: str) -> ZoneInfo:
    """Load the time zone `name`; UTC when this machine does not know it.

    Zone names are dropped now and then and machines differ; a client's workflow must not stop for that.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def is_quiet(rules: MailRules, zone: ZoneInfo, at: datetime) -> bool:
    """Return whether `at` lies in the client's quiet hours."""
    start, end, hour = rules.quiet_from_hour, rules.quiet_until_hour, at.astimezone(zone).hour
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def explain_preferred_hour(rules: MailRules, policy: ClientPolicy) -> str:
    """Explain what becomes of a preferred hour in the quiet hours; empty for one that can be kept."""
    hour, opens = policy.preferred_hour, rules.quiet_until_hour
    if hour is None or not is_quiet(rules, load_zone("UTC"), datetime(2000, 1, 1, hour, tzinfo=UTC)):
        return ""
    return (
        f"{hour}:00 lies in the shop's quiet hours, {rules.quiet_from_hour}:00 to {opens}:00: mail goes at {opens}:00"
    )


def find_next_open(rules: MailRules, zone: ZoneInfo, at: datetime) -> datetime:
    """Find the earliest moment, not before `at`, outside the client's quiet hours. Clock changes are handled."""
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


def spread_next_open(rules: MailRules, zone: ZoneInfo, at: datetime, client_id: ClientId) -> datetime:
    """Find the next open moment, spread over the first 90 minutes of the day so that a time zone is not mailed all at
    once.

    The offset within them is a hash of the client's id, so it is always the same.
    """
    opening = find_next_open(rules, zone, at)
    if opening == at:
        return at
    share = crc32(client_id.encode()) / 2**32
    return find_next_open(rules, zone, opening + OPENING_SPREAD * share)


def compute_cap_opening(
    rules: MailRules, policy: ClientPolicy, sent_at: Sequence[datetime], now: datetime
) -> datetime | None:
    """Compute from when the caps allow another mail: `now` when they allow it already, None when they never do."""
    per_week = rules.max_per_week if policy.max_mails_per_week is None else policy.max_mails_per_week
    if per_week == 0:
        return None
    per_week = min(per_week, rules.most_per_week)
    recent = sorted(t for t in sent_at if t > now - WEEK)
    opens = [now]
    if sent_at:
        opens.append(max(sent_at) + timedelta(days=rules.min_days_between))
    if len(recent) >= per_week:
        opens.append(recent[-per_week] + WEEK)
    return max(opens)


def fit_send_time(
    rules: MailRules, zone: ZoneInfo, policy: ClientPolicy, proposed: datetime | None, earliest: datetime
) -> datetime:
    """Return the moment at which to send: the proposal if it lies within a week and outside quiet hours, else the next
    best.

    Without a proposal that is the client's preferred hour, or else the first open moment.
    """
    if proposed is not None and earliest <= proposed <= earliest + HORIZON:
        return find_next_open(rules, zone, proposed)
    if policy.preferred_hour is not None:
        return find_next_open(rules, zone, _find_next_hour(zone, policy.preferred_hour, earliest))
    return find_next_open(rules, zone, earliest)


def list_send_windows(
    rules: MailRules, zone: ZoneInfo, policy: ClientPolicy, earliest: datetime, until: datetime
) -> tuple[SendWindow, ...]:
    """List the stretches from `earliest` to `until` in which a mail may leave, in order.

    They lie outside quiet hours and, if the client asked for an hour, within that hour. `fit_send_time` leaves every
    moment in them unchanged.
    """
    hour, at = policy.preferred_hour, earliest
    windows: list[SendWindow] = []
    while True:
        start = find_next_open(rules, zone, at if hour is None else _find_next_hour(zone, hour, at))
        if start >= until:
            return tuple(windows)
        at = min(_find_closing(rules, zone, start, until), until if hour is None else find_next_full_hour(zone, start))
        windows.append(SendWindow(start=start, until=at))


def _find_closing(rules: MailRules, zone: ZoneInfo, at: datetime, until: datetime) -> datetime:
    """Find when the quiet hours after the open moment `at` begin; `until` where that is earlier."""
    if rules.quiet_from_hour == rules.quiet_until_hour:
        return until
    closing = _find_next_hour(zone, rules.quiet_from_hour, at)
    # Where clocks are set forward over the closing hour, the wall time names a moment that is quiet already.
    while closing - _QUARTER > at and is_quiet(rules, zone, closing - _QUARTER):
        closing -= _QUARTER
    return min(closing, until)


def find_next_full_hour(zone: ZoneInfo, at: datetime) -> datetime:
    """Find when the next hour of the local day begins, after `at`."""
    local = at.astimezone(zone)
    return (
        at + timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    )


def _find_next_hour(zone: ZoneInfo, hour: int, at: datetime) -> datetime:
    local = at.astimezone(zone)
    if local.hour == hour:
        return at
    wanted = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return (wanted if wanted > local else wanted + timedelta(days=1)).astimezone(at.tzinfo)
