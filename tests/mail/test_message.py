from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim
import pytest

from errors import BadInput, ConfigError
from mail import dkim_key
from mail.dkim import SIGNED, Signer, relax_body
from mail.message import Envelope, EnvelopeBuilder
from tests.mail.samples import NOW, brief, build_envelope_builder, client, draft, items, settings

HOSTILE_SUBJECT = "Hello\r\nBcc: bob@shop.com"


def build(home: Path, subject: str = "What goes with your linen trousers", **person: Any) -> Envelope:
    return build_envelope_builder(home).build(client(**person), brief(), draft(subject=subject), items(), NOW)


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def publish(home: Path, name: bytes = b"selvedge._domainkey.selvedge.example.") -> Callable[..., bytes | None]:
    """A name server that knows our one record."""
    record = dkim_key.build_dns_record(dkim_key.load_shop_keys(settings(home))[0].private).encode()
    return lambda queried, timeout=5: record if queried == name else None


def test_it_reads_back_as_what_went_in(tmp_path: Path) -> None:
    subject = "Schön: Leinen – für Dich, und noch viel mehr davon, als eine Zeile fasst"
    envelope = build(tmp_path, subject, first_name="Zoë")
    message = parse(envelope.message)
    assert message.defects == []
    assert message["Subject"] == subject
    assert message["From"].addresses[0].addr_spec == "stylists@selvedge.example"
    assert message["From"].addresses[0].display_name == "Selvedge & Co"
    assert [(to.display_name, to.addr_spec) for to in message["To"].addresses] == [("Zoë", "c1@example.com")]
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert "Schön: Leinen – für Dich" in " ".join(text.split())
    assert "$149.00" in html
    assert html.rstrip().endswith("</html>")


def test_the_envelope_says_where_it_goes_and_its_repr_says_nothing_personal(tmp_path: Path) -> None:
    envelope = build(tmp_path)
    links = build_envelope_builder(tmp_path).links
    assert envelope.recipient == "c1@example.com"
    assert envelope.return_path == links.build_return_path("c1", 1)
    assert envelope.message_id == links.build_message_id("c1", 1) == parse(envelope.message)["Message-ID"]
    assert "c1@example.com" not in repr(envelope)
    assert "linen" not in repr(envelope)


def test_one_click_unsubscribe_as_rfc_8058_wants_it(tmp_path: Path) -> None:
    message = parse(build(tmp_path).message)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    links = build_envelope_builder(tmp_path).links
    by_web, by_mail = links.build_unsubscribe_url("c1", 1), links.build_unsubscribe_address("c1", 1)
    assert message["List-Unsubscribe"] == f"<{by_web}>, <mailto:{by_mail}?subject=unsubscribe>"


def test_the_same_mail_is_the_same_bytes(tmp_path: Path) -> None:
    assert build(tmp_path).message == build(tmp_path).message


def test_every_line_may_travel(tmp_path: Path) -> None:
    message = build(tmp_path, "ü" * 90).message
    assert message.isascii()
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert b"\r" not in message.replace(b"\r\n", b"")
    assert max(len(line) for line in message.split(b"\r\n")) <= 998
    body = message.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in body.split(b"\r\n")) <= 76


def test_a_line_that_begins_with_from_is_written_so_that_nobody_changes_it(tmp_path: Path) -> None:
    words = draft(paragraphs=("From From here on it is summer. " + "From spring on " * 9,))
    envelope = build_envelope_builder(tmp_path).build(client(), brief(), words, items(), NOW)
    assert b"\r\nFrom " not in envelope.message.partition(b"\r\n\r\n")[2]
    text = next(parse(envelope.message).iter_parts()).get_content()
    assert "\nFrom From here on it is summer. From spring on From" in text
    assert max(map(len, envelope.message.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_a_date_with_another_offset_is_the_same_moment(tmp_path: Path) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-7)))
    envelope = build_envelope_builder(tmp_path).build(client(), brief(), draft(), items(), there)
    assert parse(envelope.message)["Date"].datetime == NOW


@pytest.mark.parametrize("hostile", [HOSTILE_SUBJECT, "Hello\nX: y", "=?utf-8?q?Hello=0D=0AX:_y?=", "Hello\u2028there"])
def test_a_hostile_subject_is_refused(tmp_path: Path, hostile: str) -> None:
    with pytest.raises(BadInput) as refused:
        build(tmp_path, hostile)
    assert refused.value.field == "subject"


def test_a_hostile_name_is_left_out_and_a_hostile_address_refused(tmp_path: Path) -> None:
    message = parse(build(tmp_path, first_name="Ann\r\nBcc: bob@shop.com").message)
    assert message["Bcc"] is None
    assert message["To"] == "c1@example.com"
    with pytest.raises(BadInput) as refused:
        build(tmp_path, email="c1@example.com\r\nRCPT TO:<bob@shop.com>")
    assert refused.value.field == "email"


def test_another_implementation_verifies_the_signature(tmp_path: Path) -> None:
    for subject in ("Plain", "Schön und sehr lang, damit die Zeile gefaltet werden muss, zweimal gar"):
        assert dkim.verify(build(tmp_path, subject).message, dnsfunc=publish(tmp_path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: What", b"Subject: Not what"),
        (b"List-Unsubscribe: <http://127.0.0.1", b"List-Unsubscribe: <http://127.0.0.2"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=No-Click"),
        (b"To: Ann <c1@", b"To: Ann <c2@"),
        (b"six weeks", b"six years"),
        (b"\r\nFrom: ", b"\r\nFrom: evil@shop.com\r\nFrom: "),
        (b"\r\nMIME-Version", b"\r\nReply-To: evil@shop.com\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nSubject: another\r\nMIME-Version"),
        *((b"\r\nFrom: ", f"\r\n{name}: other\r\nFrom: ".encode()) for name in SIGNED),
        (b"Feedback-ID: missed", b"Feedback-ID: spring"),
        (b"List-Id: ", b"List-Id: Other "),
    ],
)
def test_a_mail_that_was_changed_on_the_way_does_not_verify(tmp_path: Path, old: bytes, new: bytes) -> None:
    message = build(tmp_path).message
    changed = message.replace(old, new)
    assert changed != message
    assert not dkim.verify(changed, dnsfunc=publish(tmp_path))


def test_shrunk_white_space_still_verifies(tmp_path: Path) -> None:
    message = build(tmp_path, "Two  spaces").message
    travelled = message.replace(b"Two  spaces", b"Two spaces") + b"\r\n\r\n"
    assert dkim.verify(travelled, dnsfunc=publish(tmp_path))


def test_the_signature_covers_what_it_must(tmp_path: Path) -> None:
    fields = parse(build(tmp_path).message)["DKIM-Signature"].replace(" ", "")
    covered = re.search(r"h=([^;]+);", fields)
    assert covered is not None
    names = covered[1].split(":")
    assert set(names) == {name.lower() for name in SIGNED}
    occurs = {name.lower(): 1 for name in SIGNED} | dict.fromkeys(["cc", "reply-to", "content-transfer-encoding"], 0)
    assert {name: names.count(name) for name in occurs} == {name: n + 1 for name, n in occurs.items()}
    assert {"list-unsubscribe", "list-unsubscribe-post", "message-id", "date", "to"} <= set(names)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"no end", b"no end\r\n"),
        (b"a\r\n \t \r\n", b"a\r\n"),
        (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
    ],
)
def test_bodies_are_hashed_as_rfc_6376_says(body: bytes, expected: bytes) -> None:
    assert relax_body(body) == expected


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = (dkim_key.load_shop_keys(settings(tmp_path))[0].private for _ in range(2))
    assert dkim_key.build_dns_record(first) == dkim_key.build_dns_record(second)
    assert first.key_size == 2048
    kept = [path for path in tmp_path.iterdir() if path.suffix == ".pem"]
    assert [path.stat().st_mode & 0o077 for path in kept] == [0]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"mail_from": "nobody"}, "SELVEDGE_MAIL_FROM"),
        ({"mail_from": "a@shop.com\r\nBcc: b@shop.com"}, "SELVEDGE_MAIL_FROM"),
        ({"reply_to": "Ann <ann@shop.com>"}, "SELVEDGE_REPLY_TO"),
        ({"bounce_domain": "not a domain"}, "SELVEDGE_BOUNCE_DOMAIN"),
        ({"shop_name": "Shop\nBcc: b@shop.com"}, "SELVEDGE_SHOP_NAME"),
        ({"dkim_domain": "nowhere; d=evil.com"}, "SELVEDGE_DKIM_DOMAIN"),
        ({"dkim_selector": "a b"}, "SELVEDGE_DKIM_SELECTOR"),
        ({"dkim_key_file": Path("/nowhere/key.pem")}, "SELVEDGE_DKIM_KEY_FILE"),
        ({"dkim_key_file": Path(__file__)}, "SELVEDGE_DKIM_KEY_FILE"),
        ({"dkim_keys": "a"}, "SELVEDGE_DKIM_KEYS"),
        ({"dkim_keys": "a=/nowhere.pem"}, "SELVEDGE_DKIM_KEYS"),
        ({"dkim_keys": "a@b.com=/nowhere.pem"}, "SELVEDGE_DKIM_KEYS"),
        ({"dkim_second": "a=/nowhere.pem"}, "SELVEDGE_DKIM_SECOND"),
        ({"dkim_second": "a@b=/nowhere.pem"}, "SELVEDGE_DKIM_SECOND"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, values: dict[str, Any], variable: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable}: ") as wrong:
        EnvelopeBuilder.from_settings(settings(tmp_path, **values))
    assert "\n" not in str(wrong.value)


def test_replies_go_where_the_shop_says_and_that_is_signed(tmp_path: Path) -> None:
    sender = build_envelope_builder(tmp_path, reply_to="care@shop.com")
    message = sender.build(client(), brief(), draft(), items(), NOW).message
    assert parse(message)["Reply-To"] == "care@shop.com"
    assert not dkim.verify(message.replace(b"care@shop.com", b"evil@shop.com"), dnsfunc=publish(tmp_path))


def test_a_message_without_a_body_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        Signer.from_settings(settings(tmp_path)).sign(b"Subject: x\r\n")


def test_receivers_and_auto_responders_are_told_what_this_is(tmp_path: Path) -> None:
    sender = build_envelope_builder(tmp_path)
    message = parse(sender.build(client(), brief(), draft(), items(), NOW, "spring-26").message)
    assert message["List-Id"] == "Selvedge & Co <clients.selvedge.example>"
    assert message["Feedback-ID"] == "spring-26:missed:selvedgeexample"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert parse(build(tmp_path).message)["Feedback-ID"] == "missed:missed:selvedgeexample"


@pytest.mark.parametrize("address", ["a@b.co", "a@xn--bcher-kva.example", f"a@{'long.' * 20}example"])
def test_the_sender_of_a_feedback_id_has_five_to_fifteen_characters(tmp_path: Path, address: str) -> None:
    name = build_envelope_builder(tmp_path, mail_from=address).sender.feedback_name
    assert re.fullmatch(r"[A-Za-z0-9-]{5,15}", name)
    assert build_envelope_builder(tmp_path, feedback_sender="style-shop").sender.feedback_name == "style-shop"


def make_key_file(folder: Path, name: str) -> Path:
    dkim_key.load_shop_keys(settings(folder / name))
    return folder / name / "dkim.pem"


def test_a_new_key_signs_while_the_old_one_still_verifies_what_it_signed(tmp_path: Path) -> None:
    paths = {name: make_key_file(tmp_path, name) for name in ("old", "new")}
    home, records = tmp_path / "home", {}

    def build_with(*names: str) -> bytes:
        keys = ",".join(f"{name}={paths[name]}" for name in names)
        given = settings(home, dkim_keys=keys)
        for key in dkim_key.load_shop_keys(given):
            records[f"{key.record_name}."] = dkim_key.build_dns_record(key.private).encode()
        return EnvelopeBuilder.from_settings(given).build(client(), brief(), draft(), items(), NOW).message

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name.decode())

    before, after = build_with("old", "new"), build_with("new", "old")
    assert b"s=old;" in before
    assert b"s=new;" in after
    assert b"s=old;" not in after
    assert dkim.verify(before, dnsfunc=ask)
    assert dkim.verify(after, dnsfunc=ask)


def test_a_second_domain_signs_too(tmp_path: Path) -> None:
    path = make_key_file(tmp_path, "theirs")
    given = settings(tmp_path / "home", dkim_second=f"s1@provider.example={path}")
    message = EnvelopeBuilder.from_settings(given).build(client(), brief(), draft(), items(), NOW).message
    keys = dkim_key.load_signing_keys(given)
    assert [key.record_name for key in keys] == [
        "selvedge._domainkey.selvedge.example",
        "s1._domainkey.provider.example",
    ]
    records = {f"{key.record_name}.".encode(): dkim_key.build_dns_record(key.private).encode() for key in keys}
    assert message.count(b"DKIM-Signature: ") == 2
    for index in range(2):
        assert dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name))


@pytest.mark.parametrize(
    ("setting", "agreed", "there"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_mail_tells_of_its_opening_where_shop_and_client_agreed(
    tmp_path: Path, setting: bool, agreed: bool, there: bool
) -> None:
    post = build_envelope_builder(tmp_path, open_pixel=setting)
    purposes = {"measurement": {"agreed": agreed, "at": "2026-05-01T00:00:00Z", "source": "preferences"}}
    message = post.build(client(purposes=purposes), brief(), draft(), items(), NOW).message
    assert (b"/o/" in message.replace(b"=\r\n", b"")) is there
