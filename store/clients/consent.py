"""Consent to mail as it is stored: the columns of the client's row, with the withdrawal of their mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select, update

from domain.mail_consent import ConsentChange, ConsentState
from models.base import ClientId
from store.mail.withdrawals import match_in_force
from store.sql.bulk import give, match_given
from store.sql.records import Record
from store.tables import clients, withdrawals


@dataclass(frozen=True, slots=True)
class ConsentRow(Record):
    """The consent of one client. `withdrawn_at`: the last withdrawal of the mailbox,
    overcome or not."""

    client_id: ClientId
    consent: bool
    consent_at: datetime | None
    mailbox: str
    withdrawn_at: datetime | None

    @property
    def state(self) -> ConsentState:
        """What the rules on consent need."""
        return ConsentState(self.consent, self.consent_at, self.withdrawn_at)


_ROWS: Final = select(
    *ConsentRow.list_columns(clients, withdrawals, labels={"withdrawn_at": "at"}),
).select_from(clients.outerjoin(withdrawals, withdrawals.c.mailbox == clients.c.mailbox))


def load_consent_rows(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, ConsentRow]:
    """Load the consent of each of these clients."""
    rows = connection.execute(_select_rows(connection.dialect.name), give(connection, client_ids))
    return {row.client_id: ConsentRow.from_row(row) for row in rows}


@cache  # building a statement takes longer than running it
def _select_rows(dialect: str) -> Select[Any]:
    return _ROWS.where(match_given(dialect, clients.c.client_id))


def lock_consent(connection: Connection, client_id: ClientId) -> ConsentRow | None:
    """Load the consent of a client and lock their row; None for an unknown id."""
    query = _ROWS.where(clients.c.client_id == client_id).with_for_update(of=clients)
    row = connection.execute(query).one_or_none()
    return None if row is None else ConsentRow.from_row(row)


def save_consents(connection: Connection, changes: Mapping[ClientId, ConsentChange]) -> None:
    """Save what was decided on the consent of each of these clients."""
    client = clients.c.client_id == bindparam("_client")
    rows = [
        {"_client": key, "_consent": change.consent, "_at": change.at, "_source": change.source}
        for key, change in sorted(changes.items())
    ]
    if rows:
        names = {"consent": "_consent", "consent_at": "_at", "consent_source": "_source"}
        changed = update(clients).where(client)
        connection.execute(changed.values({column: bindparam(name) for column, name in names.items()}), rows)
    overcome = [
        {"_client": key, "_at": change.overcomes} for key, change in sorted(changes.items()) if change.overcomes
    ]
    if overcome:
        connection.execute(update(clients).where(client).values(cleared_at=bindparam("_at")), overcome)


def is_withdrawn(connection: Connection, client_id: ClientId) -> bool:
    """Return whether a withdrawal of the client's mailbox binds them now."""
    query = select(clients.c.client_id).join(withdrawals, match_in_force())
    return connection.scalar(query.where(clients.c.client_id == client_id)) is not None


def load_address(connection: Connection, client_id: ClientId) -> str:
    """Load the mail address of a client; empty for an unknown id."""
    return connection.scalar(select(clients.c.email).where(clients.c.client_id == client_id)) or ""


def load_addresses(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, str]:
    """Load the mail address of each of these clients."""
    rows = connection.execute(_select_addresses(connection.dialect.name), give(connection, client_ids))
    return {row.client_id: row.email for row in rows}


@cache
def _select_addresses(dialect: str) -> Select[tuple[str, str]]:
    return select(clients.c.client_id, clients.c.email).where(match_given(dialect, clients.c.client_id))
