"""Signatures as Standard Webhooks describes them, so that a kept library checks them in any language.

`webhook-signature: v1,<base64 of HMAC-SHA256(secret, id + "." + timestamp + "." + body)>`. A secret is written
`whsec_<base64>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

from errors import ConfigError

PREFIX: Final = "whsec_"
SHORTEST: Final = 24
"""Bytes of a secret, as the standard asks."""


def key_of(secret: str) -> bytes:
    """The bytes of a written secret. Raises ConfigError; the message does not hold it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) < SHORTEST:
        raise ConfigError(f"secret: give {PREFIX} and {SHORTEST} or more random bytes in base64")
    return key


def headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers for a body; `timestamp` in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_signature(key, message_id, timestamp, body)}",
    }


def _signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
