"""SendGrid's signed event webhook: ECDSA over time and body, a list of events."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mail.links import Links
from mail.returns.providers.base import build_reading, get_text, parse_objects, refuse_signature, require_fresh
from models.returns import ReturnKind, ReturnReading

_KINDS: Final = {
    "bounce": ReturnKind.FAILED,
    "dropped": ReturnKind.FAILED,
    "deferred": ReturnKind.DELAYED,
    "spamreport": ReturnKind.COMPLAINT,
    "unsubscribe": ReturnKind.OPT_OUT,
    "group_unsubscribe": ReturnKind.OPT_OUT,
}


class SendGrid:
    """The key is the verification key that SendGrid shows, in base64."""

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check `X-Twilio-Email-Event-Webhook-Signature` over its timestamp and the body."""
        stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
        try:
            signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
            public = load_der_public_key(base64.b64decode(key, validate=True))
            if not isinstance(public, EllipticCurvePublicKey):
                raise refuse_signature()
            public.verify(signature, stamp.encode() + body, ECDSA(SHA256()))
        except (ValueError, binascii.Error, InvalidSignature):
            raise refuse_signature() from None
        require_fresh(stamp, now)

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read the events that say that a mail came back; others, such as opens, are left out."""
        return [_read_event(row, links) for row in parse_objects(body) if get_text(row, "event") in _KINDS]


def _read_event(row: Mapping[str, Any], links: Links) -> ReturnReading:
    words = get_text(row, "reason", "response")
    status = get_text(row, "status") if "." in get_text(row, "status") else ""
    named = [get_text(row, "return_path"), get_text(row, "smtp-id")]
    return build_reading(
        _KINDS[get_text(row, "event")], links, named, get_text(row, "sg_event_id"), status=status, text=words
    )
