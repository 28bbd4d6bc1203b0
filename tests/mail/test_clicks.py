from __future__ import annotations

import pytest

from mail.clicks import is_program, read_signs
from models.events import ReadSign

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148"


@pytest.mark.parametrize(
    "user_agent",
    ["", " ", "curl/8.5", "python-requests/2.32", "Slackbot-LinkExpanding 1.0", "Barracuda Sentinel", "Googlebot/2.1"],
)
def test_programs_that_name_themselves_or_nothing_are_machines(user_agent: str) -> None:
    assert is_program(user_agent)
    assert read_signs("GET", {"user-agent": user_agent}) == {ReadSign.PROGRAM}


@pytest.mark.parametrize(
    ("method", "headers", "signs"),
    [
        ("GET", {}, {ReadSign.BARE}),
        ("GET", {"accept-language": "de"}, set()),
        ("GET", {"accept-language": "de", "sec-fetch-mode": "navigate"}, {ReadSign.BROWSER}),
        ("HEAD", {"accept-language": "de"}, {ReadSign.HEAD}),
    ],
)
def test_headers_tell_a_browser_from_what_only_bears_its_name(
    method: str, headers: dict[str, str], signs: set[ReadSign]
) -> None:
    assert read_signs(method, {"user-agent": PERSON, **headers}) == signs


@pytest.mark.parametrize(
    ("user_agent", "signs"),
    [
        ("Mozilla/5.0 (Windows NT 5.1) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", {ReadSign.PROXY}),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", {ReadSign.PROXY}),
        ("Mozilla/5.0", {ReadSign.PREFETCH}),
        ("", {ReadSign.PROGRAM}),
        (PERSON, set()),
    ],
)
def test_picture_proxies_are_known_by_name(user_agent: str, signs: set[ReadSign]) -> None:
    assert read_signs("GET", {"user-agent": user_agent}, picture=True) == signs
