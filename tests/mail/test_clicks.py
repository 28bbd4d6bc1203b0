from __future__ import annotations

from datetime import timedelta

import pytest

from mail.clicks import is_machine_click

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148"
LATER = timedelta(seconds=40)


@pytest.mark.parametrize(
    "user_agent",
    ["", " ", "curl/8.5", "python-requests/2.32", "Slackbot-LinkExpanding 1.0", "Barracuda Sentinel", "Googlebot/2.1"],
)
def test_programs_that_name_themselves_or_nothing_count_for_nobody(user_agent: str) -> None:
    assert is_machine_click("GET", user_agent, LATER)


@pytest.mark.parametrize(
    ("method", "since", "machine"),
    [
        ("GET", LATER, False),
        ("GET", None, False),
        ("GET", timedelta(seconds=1.9), True),
        ("GET", timedelta(seconds=2.1), False),
        ("HEAD", LATER, True),
    ],
)
def test_a_browser_counts_unless_it_only_looks_or_comes_at_once(
    method: str, since: timedelta | None, machine: bool
) -> None:
    assert is_machine_click(method, PERSON, since) is machine
