"""Request a client's export or erasure, and look how far an erasure is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.erasures import ErasureState, ErasureStatus
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.privacy import erasure, export


def request_erasure(
    engine: Engine, actor: Actor, signing_key: str, client_id: ClientId, now: datetime, real_now: datetime
) -> ErasureStatus:
    """Hold the client's mail for good, ask for the workflow, and return the state of the erasure. Requesting it twice
    changes nothing. Raises NotAllowed, and NotFound for an unknown id."""
    permissions.require(actor, Action.ERASE_CLIENT)
    with write_transaction(engine) as connection:
        before = erasure.find_request_time(connection, client_id)
        status = erasure.request_erasure(connection, signing_key, client_id, now, real_now)
        if before is None and status.state is ErasureState.WAITING:
            subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
            write_activity(connection, actor, Action.ERASE_CLIENT, subject, now, real_now)
    return status


def load_erasure(engine: Engine, signing_key: str, client_id: ClientId) -> ErasureStatus:
    """Load the state of a client's erasure. Raises NotFound where nobody requested one."""
    with read_transaction(engine) as connection:
        return erasure.load_status(connection, signing_key, client_id)


def export_client(
    engine: Engine, actor: Actor, signing_key: str, client_id: ClientId, now: datetime, real_now: datetime
) -> Iterator[bytes]:
    """Iterate over the pieces of a client's export; it goes on record before the first piece.

    Raises NotAllowed, NotFound or ErasedClient before the first piece.
    """
    permissions.require(actor, Action.EXPORT_CLIENT)
    with read_transaction(engine) as connection:
        pieces = export.export_client(connection, signing_key, client_id, now)
        first = next(pieces)
        _record_export(engine, actor, client_id, now, real_now)
        yield first
        yield from pieces


def _record_export(engine: Engine, actor: Actor, client_id: ClientId, now: datetime, real_now: datetime) -> None:
    with write_transaction(engine) as connection:
        subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
        write_activity(connection, actor, Action.EXPORT_CLIENT, subject, now, real_now)
