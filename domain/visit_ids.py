"""Ids of anonymous visits: chance with our signature, so that nobody can put anything else into them."""

from __future__ import annotations

import base64
import hmac
from typing import Final

CHANCE_BYTES: Final = 16
SIGNATURE_BYTES: Final = 12
MARK: Final = "visit."
"""Begins the key of a visit where clients and visits lie together. A key looks like a client's id, since algorithms are
asked with it; its length and its chance keep it apart from those of clients."""
KEY_LENGTH: Final = len(MARK) + 22


def build_visit_id(chance: bytes, signing_key: str, *, remembered: bool) -> str:
    """Build the id of a visit from CHANCE_BYTES random bytes."""
    body = f"{'s' if remembered else 'n'}.{_encode(chance)}"
    return f"{body}.{_sign(body, signing_key)}"


def is_ours(visit_id: str, signing_key: str) -> bool:
    """Return whether we gave this id."""
    body, _, signature = visit_id.rpartition(".")
    return hmac.compare_digest(signature.encode(), _sign(body, signing_key).encode())


def may_be_remembered(visit_id: str) -> bool:
    """Return whether the visitor agreed to be remembered for the visit."""
    return visit_id.startswith("s.")


def find_visit_key(visit_id: str) -> str:
    """Find the key under which the visit is kept."""
    return MARK + visit_id.split(".")[1]


def is_visit_key(key: str) -> bool:
    """Return whether a key names a visit, not a client."""
    return len(key) == KEY_LENGTH and key.startswith(MARK)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _sign(body: str, signing_key: str) -> str:
    return _encode(hmac.digest(signing_key.encode(), f"visit:{body}".encode(), "sha256")[:SIGNATURE_BYTES])
