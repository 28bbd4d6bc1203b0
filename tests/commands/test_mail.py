"""`selvedge mail` as typed."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import selvedge
from errors import BadInput, MailFault
from models.states import TouchKind
from tests.services.mailing.test_mail_check import Zone
from tests.services.mailing.test_resolution import lose_mail
from tests.support.shop import Shop
from tests.support.worker import environment


@pytest.fixture
def typed(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shop:
    """A shop whose settings the command finds in the environment."""
    for name, value in environment(shop.settings).items():
        if name.startswith("SELVEDGE_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return shop


def run_command(*words: str) -> Any:
    return CliRunner().invoke(selvedge, ["mail", *words], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("kind", list(TouchKind))
def test_staff_get_one_real_mail_of_each_kind(typed: Shop, kind: TouchKind) -> None:
    done = run_command("test", "eve@shop.example", "--kind", kind.value)
    (mail,) = typed.mails()
    assert mail.recipient == "eve@shop.example"
    assert done.output == f"sent {mail.message_id}\n"
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert message["Feedback-ID"].split(":")[1] == kind
    assert b"/go/" in mail.raw
    assert typed.ledger() == []


def test_no_mail_goes_to_what_is_no_address_or_to_a_server_that_is_away(typed: Shop) -> None:
    with pytest.raises(BadInput, match=r"^address: "):
        run_command("test", "eve")
    typed.sink.stop()
    with pytest.raises(MailFault, match="no mail server answers"):
        run_command("test", "eve@shop.example")


def test_a_check_says_what_is_missing_and_its_status_says_so(typed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail.dns.DnsResolver", lambda: Zone({}))
    done = run_command("check", "--json")
    answer = json.loads(done.output)
    assert done.return_value == 1
    assert answer["ok"] is False
    assert {check["name"] for check in answer["checks"]} >= {"SPF", "DMARC", "PTR", "links", "postal address"}
    lines = run_command("check").output.splitlines()
    assert "MISSING SPF: bounce.selvedge.example has no SPF record" in lines
    assert any(line.strip().startswith("publish: selvedge._domainkey.selvedge.example. TXT") for line in lines)


def test_an_unknown_mail_is_resolved(typed: Shop) -> None:
    lose_mail(typed)
    assert run_command("resolve", "c/1", "arrived", "--because", "server_log").output == "c/1: sent\n"
    with pytest.raises(BadInput, match=r"^mail: "):
        run_command("resolve", "c", "arrived")
