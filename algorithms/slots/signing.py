"""Request signatures as Standard Webhooks describes them, so that an existing library can check them in any language.

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


def parse_key(secret: str) -> bytes:
    """Parse the bytes of a written secret. Raises ConfigError, whose message does not contain the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) < SHORTEST:
        raise ConfigError(f"secret: give {PREFIX} and {SHORTEST} or more random bytes in base64")
    return key


def build_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Build the three signature headers for a body; `timestamp` in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_sign(key, message_id, timestamp, body)}",
    }


def _sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
