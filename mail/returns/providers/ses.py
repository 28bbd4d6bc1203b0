"""Amazon SES by way of SNS: the message is signed with a certificate of Amazon's, fetched from an address of Amazon's
alone. The key of the setting is the topic's ARN: a message of any other topic is refused."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from errors import BadInput, Unavailable
from mail.links import Links
from mail.returns.providers.base import build_reading, get_object, get_text, parse_object, refuse_signature
from models.returns import ReturnKind, ReturnReading

_AMAZON: Final = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?/[A-Za-z0-9_.?=&:%-]{1,2000}")
_NOTICE: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_LARGEST: Final = 100_000

Fetch = Callable[[str], bytes]


def fetch_from_amazon(url: str) -> bytes:
    """Fetch from an address that was checked to be Amazon's. Raises Unavailable."""
    try:
        answer = httpx.get(url, timeout=5.0, follow_redirects=False).raise_for_status()
    except httpx.HTTPError as failed:
        raise Unavailable(f"Amazon does not answer ({type(failed).__name__})") from None
    return answer.content[:_LARGEST]


class Ses:
    """Notifications and events of SES in a topic of SNS. `fetch` gets what stands at an address of Amazon's."""

    def __init__(self, fetch: Fetch = fetch_from_amazon) -> None:
        self._fetch = fetch
        self._load_certificate = lru_cache(maxsize=8)(fetch)

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check the topic and the signature, and confirm the subscription where the message asks for it."""
        message = parse_object(body)
        if get_text(message, "TopicArn") != key or not _AMAZON.fullmatch(get_text(message, "SigningCertURL")):
            raise refuse_signature()
        try:
            signature = base64.b64decode(get_text(message, "Signature"), validate=True)
            pem = self._load_certificate(get_text(message, "SigningCertURL"))
            public = load_pem_x509_certificate(pem).public_key()
            if not isinstance(public, RSAPublicKey):
                raise refuse_signature()
            digest = SHA256() if get_text(message, "SignatureVersion") == "2" else SHA1()  # noqa: S303 (Amazon's first)
            public.verify(signature, _build_signed(message), PKCS1v15(), digest)
        except (ValueError, binascii.Error, InvalidSignature):
            raise refuse_signature() from None
        if get_text(message, "Type") == "SubscriptionConfirmation":
            self._confirm(get_text(message, "SubscribeURL"))

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read the notification; one that does not say that a mail came back gives nothing."""
        message = parse_object(body)
        if get_text(message, "Type") != "Notification":
            return []
        notice = parse_object(get_text(message, "Message").encode())
        return list(_read_notice(notice, links, get_text(message, "MessageId")))

    def _confirm(self, url: str) -> None:
        if not _AMAZON.fullmatch(url):
            raise BadInput("is no address of Amazon's", "SubscribeURL")
        self._fetch(url)


def _build_signed(message: Mapping[str, Any]) -> bytes:
    names = _NOTICE if get_text(message, "Type") == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def _read_notice(notice: Mapping[str, Any], links: Links, event_id: str) -> Sequence[ReturnReading]:
    kind = get_text(notice, "notificationType", "eventType")
    named = _list_named(get_object(notice, "mail"))
    if kind == "Complaint":
        feedback = get_text(get_object(notice, "complaint"), "complaintFeedbackType")
        said = ReturnKind.NOT_SPAM if feedback == "not-spam" else ReturnKind.COMPLAINT
        return [build_reading(said, links, named, event_id)]
    if kind == "DeliveryDelay":
        return [build_reading(ReturnKind.DELAYED, links, named, event_id)]
    if kind != "Bounce":
        return []
    bounce = get_object(notice, "bounce")
    people = bounce.get("bouncedRecipients")
    first = people[0] if isinstance(people, list) and people and isinstance(people[0], dict) else {}
    status, words = get_text(first, "status"), get_text(first, "diagnosticCode")
    if not status and get_text(bounce, "bounceType") == "Permanent":
        status = "5.1.1" if get_text(bounce, "bounceSubType") in ("General", "NoEmail", "Suppressed") else "5.0.0"
    return [build_reading(ReturnKind.FAILED, links, named, event_id, status=status or "4.0.0", text=words)]


def _list_named(mail: Mapping[str, Any]) -> list[str]:
    headers = mail.get("headers")
    rows = [row for row in headers if isinstance(row, dict)] if isinstance(headers, list) else []
    ids = [get_text(row, "value") for row in rows if get_text(row, "name").lower() == "message-id"]
    return [get_text(mail, "source"), *ids, get_text(get_object(mail, "commonHeaders"), "messageId")]
