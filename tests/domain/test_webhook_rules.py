"""Signatures as the specification shows them, its schedule, and when an endpoint is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.webhook_rules import GIVE_UP, WAITS, compute_next_try, is_given_up, sign_message

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_that_of_the_specification_s_example() -> None:
    signature = sign_message([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_signs_the_new_one_first() -> None:
    first, second = sign_message([SECRET, "whsec_AAAA"], "m", 1, b"x").split(" ")
    assert first == sign_message([SECRET], "m", 1, b"x")
    assert second == sign_message(["whsec_AAAA"], "m", 1, b"x") != first


def test_a_message_is_tried_ten_times_over_three_days() -> None:
    tries, at = 0, NOW
    while (next_try := compute_next_try(tries + 1, at)) is not None:
        tries, at = tries + 1, next_try
    assert tries + 1 == len(WAITS) + 1 == 10
    assert timedelta(days=3) < at - NOW < timedelta(days=4)


def test_an_endpoint_may_ask_for_a_longer_wait_of_a_day_at_most() -> None:
    assert compute_next_try(1, NOW, 3.0) == NOW + timedelta(seconds=5)
    assert compute_next_try(1, NOW, 90.0) == NOW + timedelta(seconds=90)
    assert compute_next_try(1, NOW, 1e9) == NOW + timedelta(days=1)
    for digits in ("9" * 30, "9" * 400):
        assert compute_next_try(1, NOW, float(digits)) == NOW + timedelta(days=1)


def test_an_endpoint_is_given_up_after_days_without_a_good_try() -> None:
    assert not is_given_up(None, NOW)
    assert not is_given_up(NOW - GIVE_UP + timedelta(seconds=1), NOW)
    assert is_given_up(NOW - GIVE_UP, NOW)
