"""What the steps of one mail share: reading where it stands, and saying so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from errors import NotFound
from models.clients import Client
from models.clock import Clock
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from store.clients import clients
from store.database import write_transaction
from store.mail import ledger
from store.mail.ledger import Ledger


def require_outreach(connection: Connection, client_id: str, n: int) -> Ledger:
    """The mail's row. Raises NotFound, which is permanent: an erased client's mail is gone."""
    row = ledger.get(connection, client_id, n)
    if row is None:
        raise NotFound("no such mail in the ledger", "n")
    return row


def client_of(connection: Connection, client_id: str) -> Client:
    """The client. Raises NotFound."""
    client = clients.get(connection, client_id)
    if client is None:
        raise NotFound("no such client", "client_id")
    return client


def step_result(row: Ledger, clock: Clock) -> StepDone:
    """Where the mail stands."""
    return StepDone(state=OutreachState(row.state), clock=clock, next_at=row.send_at, code=row.code)


def stepping(
    context: ServiceContext, step: OutreachStep, act: Callable[[Connection, Ledger, datetime], None]
) -> StepDone:
    """One transaction: read the row, let `act` do something about it, say where it then stands."""
    with write_transaction(context.engine) as connection:
        clock, now = context.business_time(connection, step.at)
        act(connection, require_outreach(connection, step.client_id, step.n), now)
        return step_result(require_outreach(connection, step.client_id, step.n), clock)
