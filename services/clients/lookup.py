"""Look up a client for the shop's systems; an erased one is told from one that nobody knows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from errors import ErasedClient, NotFound
from models.base import ClientId
from models.clients import Client
from models.profiles import Profile
from store.clients import clients, profiles
from store.database import read_transaction
from store.mail.suppressions import ERASED, find_erased


def load_client(engine: Engine, signing_key: str, client_id: ClientId) -> Client:
    """Load the client as stored. Raises NotFound or ErasedClient."""
    with read_transaction(engine) as connection:
        client = clients.load_client(connection, client_id)
        if client is None:
            _refuse_erased(connection, signing_key, client_id)
            raise NotFound("no client has this id", "client_id")
        return client


def load_profile(engine: Engine, signing_key: str, client_id: ClientId, now: datetime) -> Profile:
    """Load the client's profile at business `now`. Raises NotFound or ErasedClient."""
    with read_transaction(engine) as connection:
        try:
            return profiles.load_profile(connection, client_id, now)
        except NotFound:
            _refuse_erased(connection, signing_key, client_id)
            raise


def _refuse_erased(connection: Connection, signing_key: str, client_id: ClientId) -> None:
    if find_erased(connection, signing_key, [client_id]):
        raise ErasedClient(ERASED, "client_id")
