"""Mail comes at the hour at which a client reads: never outside the windows, never all at once, as before where nothing
is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.reading_hours import (
    LONGEST_WAIT,
    MIN_OWN_READS,
    MIN_READS_OF_ALL,
    count_by_hour,
    estimate_habit,
    propose_send_time,
)
from domain.timing import OPENING_SPREAD, MailRules, fit_send_time, list_send_windows
from models.base import utc
from models.clients import ClientPolicy

ZONES = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
NONE = np.zeros(24)
moments = st.integers(0, 4 * 366 * 86_400).map(lambda s: utc(2024) + timedelta(seconds=s))
zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = st.integers(0, 23)
counts = st.lists(st.integers(0, 400), min_size=24, max_size=24).map(lambda values: np.array(values, float))
clients = st.integers(0, 10**6).map("c{}".format)


def at_hour(hour: int, count: float) -> np.ndarray:
    return count * (np.arange(24) == hour)


@given(own=counts, cohort=counts, everybody=counts)
def test_a_habit_is_a_distribution_over_the_day(own, cohort, everybody) -> None:
    shares = estimate_habit(own, cohort, everybody)
    if shares is not None:
        assert abs(shares.sum() - 1) < 1e-9
        assert (shares >= 0).all()


@given(at=moments, zone=zones, start=hours, end=hours, own=counts, everybody=counts, client=clients)
def test_what_is_proposed_lies_in_a_window_within_a_day_and_is_disposed_as_it_is(
    at: datetime, zone: ZoneInfo, start: int, end: int, own, everybody, client: str
) -> None:
    rules, policy = MailRules(quiet_from_hour=start, quiet_until_hour=end), ClientPolicy()
    open_time = list_send_windows(rules, zone, policy, at, at + LONGEST_WAIT)
    shares = estimate_habit(own, NONE, everybody)
    chosen = None if shares is None else propose_send_time(shares, zone, open_time, client)
    if chosen is not None:
        assert at <= chosen < at + LONGEST_WAIT
        assert any(window.start <= chosen < window.until for window in open_time)
        assert fit_send_time(rules, zone, policy, chosen, at) == chosen


@given(at=moments, zone=zones, hour=st.integers(9, 20), client=clients)
def test_much_evidence_brings_it_in_the_clients_own_hour(at: datetime, zone: ZoneInfo, hour: int, client: str) -> None:
    shares = estimate_habit(at_hour(hour, 20), at_hour(12, 900), at_hour(10, 9_000))
    assert shares is not None
    open_time = list_send_windows(MailRules(), zone, ClientPolicy(), at, at + LONGEST_WAIT)
    chosen = propose_send_time(shares, zone, open_time, client)
    moment = open_time[0].start if chosen is None else chosen
    assert hour in {at.astimezone(zone).hour for at in (moment, moment + timedelta(minutes=30))}


def test_without_evidence_nothing_is_proposed() -> None:
    assert estimate_habit(NONE, NONE, NONE) is None
    assert estimate_habit(at_hour(9, MIN_OWN_READS - 1), at_hour(9, 90), at_hour(9, MIN_READS_OF_ALL - 1)) is None
    assert estimate_habit(at_hour(9, MIN_OWN_READS), NONE, NONE) is not None
    assert estimate_habit(NONE, NONE, at_hour(9, MIN_READS_OF_ALL)) is not None


def test_who_reads_at_no_hour_in_particular_is_not_kept_waiting() -> None:
    shares = estimate_habit(np.ones(24), NONE, np.full(24, 100.0))
    assert shares is not None
    zone = ZoneInfo("UTC")
    assert (
        propose_send_time(
            shares, zone, list_send_windows(MailRules(), zone, ClientPolicy(), utc(2026), utc(2026, 1, 2)), "c"
        )
        is None
    )


def test_little_of_ones_own_is_smoothed_by_the_cohort_and_that_by_everybody() -> None:
    everybody, cohort = at_hour(10, 10_000), at_hour(19, 2_000)
    newcomer, few, many = (estimate_habit(at_hour(14, n), cohort, everybody) for n in (0, 2, 40))
    assert newcomer is not None
    assert few is not None
    assert many is not None
    assert int(newcomer.argmax()) == int(few.argmax()) == 19
    assert int(many.argmax()) == 14
    assert few[14] > newcomer[14]
    alone = estimate_habit(NONE, NONE, everybody)
    assert alone is not None
    assert int(alone.argmax()) == 10


def test_those_of_one_habit_are_spread_over_an_hour_and_a_half() -> None:
    shares, zone = estimate_habit(NONE, NONE, at_hour(18, 10_000)), ZoneInfo("Europe/Paris")
    assert shares is not None
    open_time = list_send_windows(MailRules(), zone, ClientPolicy(), utc(2026, 3, 2, 9), utc(2026, 3, 3, 9))
    chosen = sorted(propose_send_time(shares, zone, open_time, f"c{n}") or utc(2026) for n in range(500))
    assert utc(2026, 3, 2, 16, 30) <= chosen[0] <= chosen[-1] < utc(2026, 3, 2, 18)
    assert OPENING_SPREAD - timedelta(minutes=5) <= chosen[-1] - chosen[0]
    assert max(later - earlier for earlier, later in pairwise(chosen)) < timedelta(minutes=3)


def test_hours_are_those_of_the_clients_own_day() -> None:
    read = [utc(2026, 7, 1, 17), utc(2026, 1, 1, 18)]
    assert count_by_hour(read, ZoneInfo("Europe/Paris")).tolist() == at_hour(19, 2).tolist()
