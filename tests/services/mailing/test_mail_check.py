"""What receivers look at is checked, and what is missing is said in the words of the DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from errors import Unavailable
from mail.dkim_key import build_dns_record, load_shop_keys
from models.mail_checks import MailCheck
from services.mailing.mail_check import check_mail, parse_tags
from settings import Settings
from tests.mail.samples import settings

SHOP = {
    "smtp_url": "smtp://mail.shop.example:587",
    "mail_from": "style@shop.example",
    "bounce_domain": "bounce.shop.example",
    "public_url": "https://style.shop.example",
    "shop_address": "1 Mill Lane, Leeds",
}


class Zone:
    """A resolver that knows these records; `away`: names of which the DNS says nothing."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[str]], away: str = "") -> None:
        self.records, self.away = records, away

    def find(self, kind: str, name: str) -> list[str]:
        if name == self.away:
            raise Unavailable(f"the DNS does not answer for {name}")
        return list(self.records.get((kind, name), ()))

    def find_texts(self, name: str) -> list[str]:
        return self.find("TXT", name)

    def find_mail_hosts(self, domain: str) -> list[str]:
        return self.find("MX", domain)

    def find_addresses(self, host: str) -> list[str]:
        return self.find("A", host)

    def find_host_names(self, address: str) -> list[str]:
        return self.find("PTR", address)


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    return settings(tmp_path, **SHOP)


def publish(shop: Settings) -> dict[tuple[str, str], Sequence[str]]:
    """All records that there should be."""
    (key,) = load_shop_keys(shop)
    return {
        ("TXT", "bounce.shop.example"): ["some other text", "v=spf1 a:mail.shop.example -all"],
        ("TXT", key.record_name): [build_dns_record(key.private)],
        ("TXT", "_dmarc.shop.example"): ["v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example"],
        ("MX", "bounce.shop.example"): ["mx.shop.example"],
        ("A", "mx.shop.example"): ["192.0.2.1"],
        ("A", "mail.shop.example"): ["192.0.2.2"],
        ("PTR", "192.0.2.2"): ["mail.shop.example"],
        ("A", "style.shop.example"): ["192.0.2.3"],
    }


def list_missing(checks: list[MailCheck]) -> list[str]:
    assert all(bool(check.publish) != check.ok for check in checks)
    return [check.name for check in checks if not check.ok]


def test_nothing_is_missing_where_all_is_published(shop: Settings) -> None:
    checks = check_mail(shop, Zone(publish(shop)))
    assert list_missing(checks) == []
    assert [check.name for check in checks] == [
        "SPF", "DKIM selvedge", "DMARC", "bounce MX", "PTR", "links", "postal address"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "record", "values"),
    [
        ("SPF", ("TXT", "bounce.shop.example"), []),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 -all", "v=spf1 a -all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 a:mail.shop.example"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 +all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 ?all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf10 -all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 ip4:192.0.2.9 -all"]),
        ("SPF", ("TXT", "bounce.shop.example"), ["v=spf1 include:nowhere.example a:mail.shop.example -all"]),
        ("DKIM selvedge", ("TXT", "selvedge._domainkey.shop.example"), []),
        ("DKIM selvedge", ("TXT", "selvedge._domainkey.shop.example"), ["v=DKIM1; k=rsa; p=AAAA"]),
        ("DKIM selvedge", ("TXT", "selvedge._domainkey.shop.example"), ["v=DKIM1; p="]),
        ("DMARC", ("TXT", "_dmarc.shop.example"), []),
        ("DMARC", ("TXT", "_dmarc.shop.example"), ["v=DMARC1; rua=mailto:a@b.c"]),
        ("DMARC", ("TXT", "_dmarc.shop.example"), ["v=DMARC1; p=none", "v=DMARC1; p=reject"]),
        ("bounce MX", ("MX", "bounce.shop.example"), []),
        ("bounce MX", ("MX", "bounce.shop.example"), ["."]),
        ("bounce MX", ("A", "mx.shop.example"), []),
        ("PTR", ("PTR", "192.0.2.2"), []),
        ("PTR", ("PTR", "192.0.2.2"), ["elsewhere.example"]),
        ("PTR", ("A", "mail.shop.example"), []),
        ("links", ("A", "style.shop.example"), []),
    ],
)
def test_what_is_missing_is_named_alone(shop: Settings, name: str, record: tuple[str, str], values: list[str]) -> None:
    assert list_missing(check_mail(shop, Zone(publish(shop) | {record: values}))) == [name]


def test_what_to_publish_is_the_record_itself(shop: Settings) -> None:
    checks = {check.name: check for check in check_mail(shop, Zone({}))}
    publishes = checks["DKIM selvedge"].publish
    name, _, record = publishes.partition(" TXT ")
    parts = record.strip('"').split('" "')
    assert name == "selvedge._domainkey.shop.example."
    assert max(map(len, parts)) <= 255
    (key,) = load_shop_keys(shop)
    assert "".join(parts) == build_dns_record(key.private)
    assert checks["DMARC"].publish.startswith('_dmarc.shop.example. TXT "v=DMARC1; ')


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"dkim_domain": "mail.shop.example"}, []),
        ({"dkim_domain": "provider.example"}, ["DMARC"]),
        ({"public_url": "http://style.shop.example"}, ["links"]),
        ({"shop_address": " "}, ["postal address"]),
        ({"shop_address": Settings.model_fields["shop_address"].default}, ["postal address"]),
    ],
)
def test_settings_are_judged_too(tmp_path: Path, more: dict[str, str], missing: list[str]) -> None:
    shop = settings(tmp_path, **SHOP | more)
    (key,) = load_shop_keys(shop)
    records = publish(shop) | {("TXT", key.record_name): [build_dns_record(key.private)]}
    assert list_missing(check_mail(shop, Zone(records))) == missing


def test_strict_alignment_takes_no_subdomain(tmp_path: Path) -> None:
    shop = settings(tmp_path, **SHOP | {"dkim_domain": "mail.shop.example"})
    records = publish(shop) | {("TXT", "_dmarc.shop.example"): ["v=DMARC1; p=none; adkim=s"]}
    assert list_missing(check_mail(shop, Zone(records))) == ["DMARC"]


def test_a_policy_of_the_parent_holds_for_a_sender_below_it(tmp_path: Path) -> None:
    shop = settings(tmp_path, **SHOP | {"mail_from": "style@news.shop.example"})
    assert list_missing(check_mail(shop, Zone(publish(shop)))) == []


def test_a_dns_that_does_not_answer_is_no_proof(shop: Settings) -> None:
    checks = check_mail(shop, Zone(publish(shop), away="bounce.shop.example"))
    assert list_missing(checks) == ["SPF", "bounce MX"]
    assert "does not answer" in checks[0].found


def test_tags_are_read_with_any_spaces() -> None:
    assert parse_tags(" v = DMARC1 ;p= none;; x") == {"v": "DMARC1", "p": "none"}
