"""Decide which addresses of the bounce domain take mail."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from sqlalchemy import Engine

from errors import Forbidden
from mail.links import Links
from store.database import read_transaction
from store.mail.messages import find_by_message_id

FOR_REPORTS: Final = frozenset({"complaints", "fbl", "abuse", "postmaster"})
"""Local parts that take complaints of providers."""


def is_own_address(engine: Engine, links: Links, address: str) -> bool:
    """Return whether an address is one of a mail in the ledger, or takes reports. A forged one is neither."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    if domain == links.bounce_domain and local in FOR_REPORTS:
        return True
    ids = []
    for parse in (links.parse_return_path, links.parse_unsubscribe_address):
        with suppress(Forbidden):
            ids.append(parse(address))
    with read_transaction(engine) as connection:
        return bool(find_by_message_id(connection, ids))
