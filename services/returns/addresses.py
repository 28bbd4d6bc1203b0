"""Decide which addresses of the bounce domain take mail."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Final

from sqlalchemy import Engine

from errors import Forbidden
from mail.links import Links
from store.database import read_transaction
from store.mail.messages import find_by_message_id

FOR_REPORTS: Final = frozenset({"complaints", "fbl", "abuse", "postmaster"})
"""Local parts that take complaints of providers."""


def find_own_addresses(engine: Engine, links: Links, addresses: Collection[str]) -> set[str]:
    """Find which addresses are those of mails in the ledger, or take reports. A forged one is neither."""
    own = {address for address in addresses if _is_for_reports(links, address)}
    named = {address: ids for address in addresses if address not in own and (ids := _parse_ids(links, address))}
    with read_transaction(engine) as connection:
        known = find_by_message_id(connection, {key for ids in named.values() for key in ids})
    return own | {address for address, ids in named.items() if known.keys() & ids}


def _is_for_reports(links: Links, address: str) -> bool:
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return domain == links.bounce_domain and local in FOR_REPORTS


def _parse_ids(links: Links, address: str) -> set[str]:
    ids = set()
    for parse in (links.parse_return_path, links.parse_unsubscribe_address):
        with suppress(Forbidden):
            ids.add(parse(address))
    return ids
