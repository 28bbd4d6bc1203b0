"""The list of suppressed mailboxes by address, as tests speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from store.mail.suppressions import hash_address, load_suppression, suppress_mailboxes


def suppress_addresses(connection: Connection, signing_key: str, reasons: Mapping[str, tuple[str, datetime]]) -> None:
    """Suppress these addresses: address -> (reason, when)."""
    suppress_mailboxes(connection, {hash_address(signing_key, email): entry for email, entry in reasons.items()})


def find_suppression(connection: Connection, signing_key: str, email: str) -> str | None:
    """Why this address is not mailed; None when it may be."""
    found = load_suppression(connection, [hash_address(signing_key, email)])
    return None if found is None or found.lifted_at is not None else found.reason
