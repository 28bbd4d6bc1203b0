"""Pages without a sign-in are for made-up people alone."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine

from errors import ConfigError
from store.clients.lists import count_addresses_elsewhere
from store.database import read_transaction

RESERVED: Final = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")
"""Domains that nobody has (RFC 2606); addresses below them are made up."""


def require_made_up_people(engine: Engine) -> None:
    """Raise ConfigError where a client has an address that may be real."""
    with read_transaction(engine) as connection:
        count = count_addresses_elsewhere(connection, RESERVED)
    if count:
        raise ConfigError(
            f"SELVEDGE_OPEN_PAGES: {count:,} clients have addresses that may be real, and anybody could read them; "
            "leave it out and people sign in"
        )
