"""When soft bounces in a row give a mailbox up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.bounces import QUIET, SOFT_SPAN, MailboxMail, compute_refusal_wait, is_dead_by_soft_bounces

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bounce(days: float) -> MailboxMail:
    return MailboxMail(NOW - timedelta(days=days), True)


def deliver(days: float) -> MailboxMail:
    return MailboxMail(NOW - timedelta(days=days), False)


@pytest.mark.parametrize(
    ("mails", "dead"),
    [
        ([bounce(9), bounce(5), bounce(1)], True),
        ([bounce(1), bounce(9), bounce(5)], True),
        ([bounce(5), bounce(1)], False),
        ([bounce(4), bounce(2), bounce(1)], True),
        ([bounce(3.9), bounce(2), bounce(1)], False),
        ([bounce(20), deliver(9), bounce(5), bounce(1)], False),
        ([bounce(20), deliver(6), bounce(5), bounce(1)], True),
        ([bounce(20), bounce(12), bounce(9), deliver(7)], False),
    ],
    ids=["three", "in any order", "two", "over three days", "too close", "a mail arrived", "not known yet", "a week"],
)
def test_three_in_a_row_over_days_give_it_up(mails: list[MailboxMail], dead: bool) -> None:
    assert is_dead_by_soft_bounces(mails, None, NOW) is dead
    assert timedelta(days=3) == SOFT_SPAN
    assert timedelta(days=7) == QUIET


def test_what_was_forgiven_counts_no_more() -> None:
    mails = [bounce(9), bounce(5), bounce(1)]
    assert not is_dead_by_soft_bounces(mails, NOW - timedelta(days=9), NOW)
    assert is_dead_by_soft_bounces(mails, NOW - timedelta(days=9) - HOUR, NOW)


def test_each_refusal_doubles_the_wait_and_all_lie_within_a_day() -> None:
    waits = [compute_refusal_wait(refusals) for refusals in (1, 2, 3, 4)]
    assert waits == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert sum(waits, timedelta()) < timedelta(days=1)
