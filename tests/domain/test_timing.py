"""Quiet hours and caps, over clock changes too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.timing import (
    HORIZON,
    MailRules,
    compute_cap_opening,
    explain_preferred_hour,
    find_next_open,
    fit_send_time,
    is_quiet,
    list_send_windows,
)
from models.base import utc
from models.clients import ClientPolicy

ZONES = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
moments = st.integers(0, 4 * 366 * 86_400).map(lambda s: utc(2024) + timedelta(seconds=s))
zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = st.integers(0, 23)


@given(at=moments, zone=zones, start=hours, end=hours)
def test_the_next_opening_is_open_and_the_earliest_there_is(at: datetime, zone: ZoneInfo, start: int, end: int) -> None:
    rules = MailRules(quiet_from_hour=start, quiet_until_hour=end)
    opening = find_next_open(rules, zone, at)
    assert opening >= at
    assert not is_quiet(rules, zone, opening)
    assert opening - at <= timedelta(hours=25)
    for minutes in range(0, int((opening - at).total_seconds() // 60), 15):
        assert is_quiet(rules, zone, at + timedelta(minutes=minutes)), "an earlier moment was open"


def test_an_opening_hour_that_the_clocks_skip_opens_right_after() -> None:
    rules = MailRules(quiet_from_hour=21, quiet_until_hour=1)
    london = ZoneInfo("Europe/London")
    night = utc(2026, 3, 29, 0, 30)  # clocks go from 01:00 to 02:00 at 01:00 UTC
    assert find_next_open(rules, london, night) == utc(2026, 3, 29, 1, 0)


def test_the_night_in_which_clocks_go_back_is_quiet_throughout() -> None:
    rules = MailRules(quiet_from_hour=21, quiet_until_hour=8)
    new_york = ZoneInfo("America/New_York")
    assert find_next_open(rules, new_york, utc(2026, 11, 1, 5, 30)) == utc(2026, 11, 1, 13, 0)


@given(at=moments, zone=zones, proposed=moments, hour=st.none() | hours)
def test_whatever_is_proposed_the_mail_goes_in_the_clients_day_within_reach(
    at: datetime, zone: ZoneInfo, proposed: datetime, hour: int | None
) -> None:
    rules = MailRules()
    chosen = fit_send_time(rules, zone, ClientPolicy(preferred_hour=hour), proposed, at)
    assert at <= chosen <= at + HORIZON + timedelta(hours=25)
    assert not is_quiet(rules, zone, chosen)


@given(at=moments, zone=zones, start=hours, end=hours, hour=st.none() | hours)
def test_windows_hold_the_open_time_and_nothing_else(
    at: datetime, zone: ZoneInfo, start: int, end: int, hour: int | None
) -> None:
    rules = MailRules(quiet_from_hour=start, quiet_until_hour=end)
    policy, until = ClientPolicy(preferred_hour=hour), at + timedelta(days=3)
    windows = list_send_windows(rules, zone, policy, at, until)
    assert all(window.start < window.until <= until for window in windows)
    assert all(one.until <= other.start for one, other in pairwise(windows))
    for minutes in range(0, 3 * 24 * 60, 30):
        moment = at + timedelta(minutes=minutes)
        inside = any(window.start <= moment < window.until for window in windows)
        assert not (inside and is_quiet(rules, zone, moment))
        if hour is None:
            assert inside is not is_quiet(rules, zone, moment)
    for window in windows:
        assert fit_send_time(rules, zone, policy, window.start, at) == window.start


def test_windows_keep_to_the_hour_that_a_client_asked_for() -> None:
    windows = list_send_windows(
        MailRules(),
        ZoneInfo("Europe/London"),
        ClientPolicy(preferred_hour=18),
        utc(2026, 3, 1, 18, 30),
        utc(2026, 3, 3),
    )
    assert [(window.start, window.until) for window in windows] == [
        (utc(2026, 3, 1, 18, 30), utc(2026, 3, 1, 19)),
        (utc(2026, 3, 2, 18), utc(2026, 3, 2, 19)),
    ]


sent = st.lists(st.integers(1, 40 * 24), max_size=6)


@given(now=moments, hours_ago=sent, per_week=st.integers(1, 5), gap=st.integers(0, 5))
def test_caps_open_at_the_first_moment_that_breaks_none(
    now: datetime, hours_ago: list[int], per_week: int, gap: int
) -> None:
    rules = MailRules(max_per_week=per_week, min_days_between=gap)
    sent_at = [now - timedelta(hours=h) for h in hours_ago]
    opens = compute_cap_opening(rules, ClientPolicy(), sent_at, now)
    assert opens is not None

    def is_allowed(at: datetime) -> bool:
        in_week = sum(1 for t in sent_at if t > at - timedelta(days=7))
        return in_week < per_week and all(at - t >= timedelta(days=gap) for t in sent_at)

    assert is_allowed(opens)
    assert opens == now or not is_allowed(opens - timedelta(minutes=1))


def test_a_client_who_wants_none_gets_none() -> None:
    assert compute_cap_opening(MailRules(), ClientPolicy(max_mails_per_week=0), [], utc(2026)) is None


@given(hour=hours, start=hours, end=hours)
def test_a_preferred_hour_is_questioned_when_it_cannot_be_kept(hour: int, start: int, end: int) -> None:
    rules, policy = MailRules(quiet_from_hour=start, quiet_until_hour=end), ClientPolicy(preferred_hour=hour)
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    kept = fit_send_time(rules, ZoneInfo("UTC"), policy, None, midnight).hour == hour
    assert (explain_preferred_hour(rules, policy) == "") == kept
