"""Mailgun's webhook: the signature stands in the body, over time and token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
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


class Mailgun:
    """The key is the webhook signing key."""

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check the field `signature` of the body."""
        signature = get_object(parse_object(body), "signature")
        stamp = get_text(signature, "timestamp")
        expected = hmac.new(key.encode(), (stamp + get_text(signature, "token")).encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), get_text(signature, "signature").encode()):
            raise refuse_signature()
        require_fresh(stamp, now)

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
