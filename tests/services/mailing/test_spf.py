"""An SPF record lets an address send or does not, as RFC 7208 says."""

from __future__ import annotations

import pytest

from services.mailing.spf import MOST_LOOKUPS, SpfEvaluation
from tests.services.mailing.test_mail_check import Zone

US, US_6 = "192.0.2.2", "2001:db8::2"
ZONE = {
    ("A", "mail.shop.example"): [US, US_6],
    ("A", "other.example"): ["192.0.2.200"],
    ("MX", "shop.example"): ["other.example", "mail.shop.example"],
    ("PTR", US): ["mail.shop.example"],
    ("TXT", "lets.example"): ["v=spf1 ip4:192.0.2.0/28 -all"],
    ("TXT", "lets-nobody.example"): ["v=spf1 -all"],
    ("TXT", "loops.example"): ["v=spf1 include:loops.example -all"],
    ("TXT", "macros.example"): ["v=spf1 exists:%{i}.spf.example -all"],
}


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:192.0.2.2 -all", "pass"),
        ("v=spf1 +ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:192.0.3.0/24 -all", "fail"),
        ("v=spf1 ip4:192.0.3.0/24 ~all", "softfail"),
        ("v=spf1 ip4:192.0.3.0/24", "neutral"),
        ("v=spf1 -ip4:192.0.2.2 +all", "fail"),
        ("v=spf1 a:mail.shop.example -all", "pass"),
        ("v=spf1 a:other.example -all", "fail"),
        ("v=spf1 a:other.example/24 -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 mx:nowhere.example -all", "fail"),
        ("v=spf1 ptr:shop.example -all", "pass"),
        ("v=spf1 exists:other.example -all", "pass"),
        ("v=spf1 include:lets.example -all", "pass"),
        ("v=spf1 include:lets-nobody.example ?all", "neutral"),
        ("v=spf1 include:nowhere.example -all", "broken"),
        ("v=spf1 redirect=lets.example", "pass"),
        ("v=spf1 redirect=lets-nobody.example", "fail"),
        ("v=spf1 redirect=nowhere.example", "broken"),
        ("v=spf1 redirect=lets-nobody.example ip4:192.0.2.2", "pass"),
        ("v=spf1 include:loops.example -all", "broken"),
        ("v=spf1 include:macros.example -all", "open"),
        ("v=spf1 nonsense -all", "broken"),
        ("V=SPF1 IP4:192.0.2.2 -ALL", "pass"),
        ("v=spf1 exp=why.example ip4:192.0.2.2 -all", "pass"),
        ("v=spf1 " + "a:other.example " * MOST_LOOKUPS + "ip4:192.0.2.2 -all", "pass"),
        ("v=spf1 " + "a:other.example " * (MOST_LOOKUPS + 1) + "ip4:192.0.2.2 -all", "broken"),
        ("v=spf1 ip4:nonsense -all", "fail"),
    ],
)
def test_a_record_lets_us_send_or_not(record: str, result: str) -> None:
    assert SpfEvaluation(US, Zone(ZONE | {("TXT", "shop.example"): [record]})).evaluate("shop.example") == result


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", "pass"),
        ("v=spf1 a:mail.shop.example -all", "pass"),
        ("v=spf1 a:mail.shop.example//64 -all", "pass"),
        ("v=spf1 ip4:192.0.2.2 -all", "fail"),
    ],
)
def test_so_does_one_for_ipv6(record: str, result: str) -> None:
    assert SpfEvaluation(US_6, Zone(ZONE | {("TXT", "shop.example"): [record]})).evaluate("shop.example") == result


@pytest.mark.parametrize(("records", "result"), [([], "none"), (["v=spf1 -all", "v=spf1 +all"], "broken")])
def test_no_record_and_two_are_none(records: list[str], result: str) -> None:
    assert SpfEvaluation(US, Zone({("TXT", "shop.example"): records})).evaluate("shop.example") == result
