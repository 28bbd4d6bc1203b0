"""Mailgun's webhook: the signature stands in the body, over time and token, but not over the event."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from mail.links import Links
from mail.returns.providers.base import (
    build_reading,
    get_object,
    get_text,
    parse_object,
    refuse_signature,
    require_fresh,
)
from models.returns import ReturnKind, ReturnReading

_KINDS: Final = {"complained": ReturnKind.COMPLAINT, "unsubscribed": ReturnKind.OPT_OUT}


MOST_TOKENS: Final = 50_000
"""Tokens that are remembered; more than come while their time is fresh."""


class Mailgun:
    """The key is the webhook signing key. A token stands for the first body that came with it in this process, so that
    nobody can put another event under a signature that they have seen."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._digests: dict[str, bytes] = {}

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check the field `signature` of the body."""
        signature = get_object(parse_object(body), "signature")
        stamp = get_text(signature, "timestamp")
        signed = stamp + get_text(signature, "token")
        expected = hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), get_text(signature, "signature").encode()):
            raise refuse_signature()
        require_fresh(stamp, now)
        self._require_first_body(signed, body)

    def _require_first_body(self, signed: str, body: bytes) -> None:
        digest = hashlib.sha256(body).digest()
        with self._lock:
            first = self._digests.setdefault(signed, digest)
            if len(self._digests) > MOST_TOKENS:
                del self._digests[next(iter(self._digests))]
        if first != digest:
            raise refuse_signature()

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read the event; one that does not say that a mail came back gives nothing."""
        event = get_object(parse_object(body), "event-data")
        name, status = get_text(event, "event"), get_object(event, "delivery-status")
        kind = _KINDS.get(name)
        if name == "failed":
            kind = ReturnKind.DELAYED if get_text(event, "severity") == "temporary" else ReturnKind.FAILED
        if kind is None:
            return []
        headers, envelope = get_object(get_object(event, "message"), "headers"), get_object(event, "envelope")
        named = [get_text(envelope, "sender"), f"<{get_text(headers, 'message-id').strip('<>')}>"]
        words = " ".join(get_text(status, part) for part in ("message", "description"))
        code = get_text(status, "enhanced-code")
        return [build_reading(kind, links, named, get_text(event, "id"), status=code, text=words)]
