"""When a message to an endpoint is tried again, when an endpoint is given up, and how a message is signed, as the
Standard Webhooks specification says."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After the first failed try, the second and so on; then the message is given up."""
GIVE_UP: Final = timedelta(days=5)
"""An endpoint of which every try failed for so long is disabled."""
LONGEST_WISH: Final = timedelta(hours=24)
"""At most so long is waited because an endpoint asks for it."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how every secret begins
GONE: Final = 410
"""The status by which an endpoint says that it wants no more messages."""


def compute_next_try(attempts: int, now: datetime, wished_s: float | None = None) -> datetime | None:
    """Compute when a message is tried again after `attempts` failed tries; None: never. `wished_s`: seconds that the
    endpoint asked to wait."""
    if attempts > len(WAITS):
        return None
    wish = timedelta(seconds=min(wished_s or 0, LONGEST_WISH.total_seconds()))
    return now + max(WAITS[attempts - 1], wish)


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Return whether an endpoint failed for so long that it is disabled."""
    return failing_since is not None and now - failing_since >= GIVE_UP


def sign_message(secrets: Sequence[str], message_id: str, stamp: int, body: bytes) -> str:
    """Sign a message with each secret; the header holds all signatures, so a receiver may know any one of them.

    Args: `secrets` begin with `whsec_`; `stamp`: seconds since 1970.
    """
    signed = f"{message_id}.{stamp}.".encode() + body
    return " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets)


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
