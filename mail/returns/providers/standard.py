"""The plain form for everybody else: signed as https://www.standardwebhooks.com describes it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from errors import BadInput
from mail.links import Links
from mail.returns.providers.base import build_reading, get_text, parse_object, refuse_signature, require_fresh
from mail.returns.reading import read_return
from models.returns import ReturnKind, ReturnReading


class StandardWebhook:
    """`{"returns": [{"kind": "failed", "message_id": "<…>", "status": "5.1.1", "text": "…", "id": "…"}]}`, or
    `{"raw": "<the returned mail in base64>", "recipient": "…"}`."""

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check `webhook-signature` over id, timestamp and body, with the key as `whsec_…` or in plain base64."""
        stamp, message_id = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
        try:
            secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
        except (ValueError, binascii.Error):
            secret = key.encode()
        signed = f"{message_id}.{stamp}.".encode() + body
        expected = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
        given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split()]
        if not message_id or not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
            raise refuse_signature()
        require_fresh(stamp, now)

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read the body."""
        values = parse_object(body)
        if "raw" in values:
            try:
                raw = base64.b64decode(get_text(values, "raw"), validate=True)
            except (ValueError, binascii.Error):
                raise BadInput("is not base64", "raw") from None
            return [read_return(raw, get_text(values, "recipient"), links)]
        rows = values.get("returns")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadInput("must be a list of objects", "returns")
        return [_read_row(row, links) for row in rows]


def _read_row(row: Mapping[str, object], links: Links) -> ReturnReading:
    try:
        kind = ReturnKind(get_text(row, "kind"))
    except ValueError:
        raise BadInput(f"must be one of {', '.join(ReturnKind)}", "kind") from None
    named = [get_text(row, "return_path"), get_text(row, "message_id")]
    return build_reading(
        kind, links, named, get_text(row, "id"), status=get_text(row, "status"), text=get_text(row, "text")
    )
