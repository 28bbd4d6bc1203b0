"""The stored state of mail servers, which all processes share: one row a server."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from models.mail_servers import ServerState
from store.sql.bulk import insert_into
from store.tables import mail_servers

m = mail_servers.c


def load_server_state(connection: Connection, server: str) -> ServerState:
    """Load what is known of the server at `server` (host and port); of one never tried, that it works."""
    row = connection.execute(select(m.code, m.failures, m.since, m.try_at).where(m.server == server)).one_or_none()
    return ServerState() if row is None else ServerState.model_validate(row._mapping)


def save_server_state(connection: Connection, server: str, state: ServerState) -> None:
    """Save what was found of the server."""
    values = state.model_dump()
    added = insert_into(connection, mail_servers).values(server=server, **values)
    connection.execute(added.on_conflict_do_update(index_elements=["server"], set_=values))


def claim_server_try(connection: Connection, server: str, now: datetime, until: datetime) -> bool:
    """Take the one try at a server that has rested, and return whether nobody else had. Until `until` there is no
    other."""
    due = or_(m.code == "", m.try_at.is_(None), m.try_at <= now)
    taken = update(mail_servers).where(m.server == server, due)
    return connection.execute(taken.values(try_at=until)).rowcount == 1
