"""A receiving domain gets no more a day than its warm-up says, and rests as long as it asks for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.warm_up import LONGEST_REST, DomainRecord, begin_day, count_mail, defer_domain, find_wait
from models.base import utc

NOW = utc(2026, 6, 1, 9)


@given(
    st.lists(st.integers(min_value=1, max_value=5), max_size=4),
    st.lists(st.integers(min_value=0, max_value=60 * 30), max_size=80),
)
def test_no_day_of_the_warm_up_has_more_than_its_share(schedule: list[int], minutes: list[int]) -> None:
    record, now, sent = None, NOW, dict[int, int]()
    for gap in minutes:
        now += timedelta(minutes=gap)
        wait = find_wait(record, schedule, now)
        age = 0 if record is None else (begin_day(now) - begin_day(record.since)).days
        if wait is None:
            record = count_mail(record, now)
            sent[age] = sent.get(age, 0) + 1
        else:
            assert wait == ("warm_up", begin_day(now) + timedelta(days=1))
            assert sent[age] == schedule[age], "nothing waits before the share is used up"
    assert all(sent.get(age, 0) <= most for age, most in enumerate(schedule))


def test_a_domain_rests_twice_as_long_each_time_and_an_hour_at_most() -> None:
    record, now, rests = None, NOW, []
    for _ in range(9):
        record = defer_domain(record, now)
        assert record.rest_until is not None
        rests.append(record.rest_until - now)
        assert find_wait(record, (), now) == ("domain_rests", record.rest_until)
        assert defer_domain(record, now) == record, "mails that were under way are told the same"
        now = record.rest_until
        assert find_wait(record, (), now) is None
    assert rests[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert rests[-1] == LONGEST_REST


def test_a_day_without_mail_starts_its_own_count() -> None:
    record = DomainRecord(since=NOW, day=begin_day(NOW), sent=5)
    assert find_wait(record, (5, 10), NOW) is not None
    assert find_wait(record, (5, 10), NOW + timedelta(days=1)) is None
    assert count_mail(record, NOW + timedelta(days=1)).sent == 1
