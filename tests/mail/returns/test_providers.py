"""Each provider's signature is checked, and its form read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from errors import BadInput, Forbidden
from mail.links import Links
from mail.returns.providers.mailgun import Mailgun
from mail.returns.providers.postmark import Postmark
from mail.returns.providers.sendgrid import SendGrid
from mail.returns.providers.ses import Ses
from mail.returns.providers.standard import StandardWebhook
from models.returns import ReturnKind, ReturnReading

NOW = datetime(2026, 11, 29, 15, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
LINKS = Links("k", "https://shop.example", "https://shop.example", "shop.example", "bounce.shop.example")
OURS, PATH = LINKS.build_message_id("ann", 3), LINKS.build_return_path("ann", 3)


def say(reading: ReturnReading) -> tuple[ReturnKind, bool, str]:
    assert reading.message_ids == (OURS,)
    return reading.kind, reading.hard, reading.code


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_standard_webhooks() -> None:
    secret = base64.b64encode(b"a secret of some length").decode()
    rows = [{"id": "1", "kind": "failed", "message_id": OURS, "status": "5.1.1"}]
    rows += [{"id": "2", "kind": "opt_out", "return_path": PATH}]
    body = dump({"returns": rows})
    signed = hmac.digest(base64.b64decode(secret), b"m1." + STAMP.encode() + b"." + body, hashlib.sha256)
    headers = {"webhook-id": "m1", "webhook-timestamp": STAMP}
    headers["webhook-signature"] = f"v1,bm8= v1,{base64.b64encode(signed).decode()}"
    form = StandardWebhook()
    form.check(headers, body, f"whsec_{secret}", NOW)
    bounced, left = form.read(body, LINKS)
    assert say(bounced) == (ReturnKind.FAILED, True, "5.1.1")
    assert say(left) == (ReturnKind.OPT_OUT, False, "")
    for wrong in (headers | {"webhook-id": "m2"}, headers | {"webhook-signature": "v1,bm8="}, {}):
        with pytest.raises(Forbidden):
            form.check(wrong, body, f"whsec_{secret}", NOW)
    with pytest.raises(Forbidden, match="too long ago"):
        form.check(headers, body, f"whsec_{secret}", NOW + timedelta(minutes=6))


def test_a_raw_mail_in_the_plain_form_is_read_like_any_other() -> None:
    mail = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<a@b.example>: 550 5.1.1 no such user\n"
    body = dump({"raw": base64.b64encode(mail).decode(), "recipient": PATH})
    assert say(StandardWebhook().read(body, LINKS)[0]) == (ReturnKind.FAILED, True, "5.1.1")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"returns": [1]}', b'{"returns": [{"kind": "x"}]}', b'{"raw": "?"}'])
def test_another_form_is_named(body: bytes) -> None:
    with pytest.raises(BadInput):
        StandardWebhook().read(body, LINKS)


def test_sendgrid() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    rows = [
        {"event": "bounce", "smtp-id": OURS, "sg_event_id": "1", "status": "5.1.1", "reason": "550 5.1.1 no"},
        {"event": "bounce", "smtp-id": OURS, "sg_event_id": "2", "status": "5.0.0", "reason": "552 mailbox full"},
        {"event": "spamreport", "smtp-id": OURS, "sg_event_id": "3"},
        {"event": "open", "smtp-id": OURS, "sg_event_id": "4"},
    ]
    body = dump(rows)
    signature = base64.b64encode(key.sign(STAMP.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "x-twilio-email-event-webhook-timestamp": STAMP,
        "x-twilio-email-event-webhook-signature": signature,
    }
    SendGrid().check(headers, body, public, NOW)
    assert [say(one) for one in SendGrid().read(body, LINKS)] == [
        (ReturnKind.FAILED, True, "5.1.1"),
        (ReturnKind.FAILED, False, "5.0.0"),
        (ReturnKind.COMPLAINT, False, ""),
    ]
    for wrong_body, wrong_key in ((body + b" ", public), (body, ""), (body, "bm8=")):
        with pytest.raises(Forbidden):
            SendGrid().check(headers, wrong_body, wrong_key, NOW)


def test_mailgun() -> None:
    def build(event: dict[str, Any], key: str = "secret") -> bytes:
        token = hmac.new(key.encode(), f"{STAMP}t".encode(), hashlib.sha256).hexdigest()
        return dump({"signature": {"timestamp": STAMP, "token": "t", "signature": token}, "event-data": event})

    named = {"id": "1", "message": {"headers": {"message-id": OURS.strip("<>")}}}
    failed = {"event": "failed", "severity": "permanent", "delivery-status": {"message": "550 5.2.1 disabled"}}
    mailgun = Mailgun()
    for _ in range(2):  # sent again, it is read again
        mailgun.check({}, build(named), "secret", NOW)
    with pytest.raises(Forbidden):  # the signature is right, but stood over another event
        mailgun.check({}, build(named | {"event": "complained"}), "secret", NOW)
    assert say(Mailgun().read(build(named | failed), LINKS)[0]) == (ReturnKind.FAILED, True, "5.2.1")
    later = build(named | failed | {"severity": "temporary"})
    assert say(Mailgun().read(later, LINKS)[0])[0] is ReturnKind.DELAYED
    assert say(Mailgun().read(build(named | {"event": "complained"}), LINKS)[0])[0] is ReturnKind.COMPLAINT
    assert Mailgun().read(build(named | {"event": "opened"}), LINKS) == []
    with pytest.raises(Forbidden):
        Mailgun().check({}, build(named, "another"), "secret", NOW)


def test_postmark() -> None:
    headers = {"authorization": f"Basic {base64.b64encode(b'shop:word').decode()}"}
    Postmark().check(headers, b"{}", "word", NOW)
    for wrong in ({}, {"authorization": "Basic ?"}, {"authorization": "Basic c2hvcDpubw=="}):
        with pytest.raises(Forbidden):
            Postmark().check(wrong, b"{}", "word", NOW)
    record = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Metadata": {"return_path": PATH}}
    assert say(Postmark().read(dump(record), LINKS)[0]) == (ReturnKind.FAILED, True, "5.1.1")
    soft = record | {"Type": "SoftBounce", "Details": "552 5.2.2 full"}
    assert say(Postmark().read(dump(soft), LINKS)[0]) == (ReturnKind.FAILED, False, "5.2.2")
    assert say(Postmark().read(dump(record | {"RecordType": "SpamComplaint"}), LINKS)[0])[0] is ReturnKind.COMPLAINT
    assert Postmark().read(dump(record | {"Type": "AutoResponder"}), LINKS) == []


def build_certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_ses() -> None:
    key = rsa.generate_private_key(65537, 2048)
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return build_certificate(key)

    def build(kind: str, message: dict[str, Any], **fields: str) -> bytes:
        body = {"Type": kind, "MessageId": "m", "TopicArn": "arn:ours", "Timestamp": "t", "SignatureVersion": "2"}
        body |= {"Message": json.dumps(message), "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/c.pem"} | fields
        names = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
        signed = "".join(f"{name}\n{body[name]}\n" for name in names if name in body).encode()
        return dump(body | {"Signature": base64.b64encode(key.sign(signed, PKCS1v15(), SHA256())).decode()})

    ses = Ses(fetch)
    person = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    bounce = {"notificationType": "Bounce", "mail": {"source": PATH}, "bounce": {"bouncedRecipients": [person]}}
    body = build("Notification", bounce)
    ses.check({}, body, "arn:ours", NOW)
    assert say(ses.read(body, LINKS)[0]) == (ReturnKind.FAILED, True, "5.1.1")
    complaint = {"notificationType": "Complaint", "mail": {"headers": [{"name": "Message-ID", "value": OURS}]}}
    assert say(ses.read(build("Notification", complaint), LINKS)[0])[0] is ReturnKind.COMPLAINT
    elsewhere = build("Notification", bounce, SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/c.pem")
    for wrong, topic in (
        (body.replace(b"5.1.1", b"5.1.2"), "arn:ours"),
        (body, "arn:theirs"),
        (elsewhere, "arn:ours"),
    ):
        with pytest.raises(Forbidden):
            ses.check({}, wrong, topic, NOW)
    there = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    ses.check({}, build("SubscriptionConfirmation", {}, Token="t", SubscribeURL=there), "arn:ours", NOW)
    assert fetched[-1] == there
    with pytest.raises(BadInput, match="SubscribeURL"):
        ses.check(
            {}, build("SubscriptionConfirmation", {}, Token="t", SubscribeURL="http://127.0.0.1/"), "arn:ours", NOW
        )
