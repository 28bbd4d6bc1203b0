"""What the steps of one mail share: loading its row, changing it, and the result."""

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
from store.mail.ledger import LedgerRow


def require_outreach(connection: Connection, client_id: str, n: int) -> LedgerRow:
    """Load the mail's row. Raises NotFound, which is permanent: an erased client's mail is gone."""
    row = ledger.load_mail(connection, client_id, n)
    if row is None:
        raise NotFound("no such mail in the ledger", "n")
    return row


def require_client(connection: Connection, client_id: str) -> Client:
    """Load the client. Raises NotFound."""
    client = clients.load_client(connection, client_id)
    if client is None:
        raise NotFound("no such client", "client_id")
    return client


def build_step_result(row: LedgerRow, clock: Clock) -> StepDone:
    """Build the result of a step: the state of the mail."""
    return StepDone(state=OutreachState(row.state), clock=clock, next_at=row.send_at, code=row.code)


def run_outreach_step(
    context: ServiceContext, step: OutreachStep, act: Callable[[Connection, LedgerRow, datetime], None]
) -> StepDone:
    """Load the row, let `act` change it and return the result, in one transaction."""
    with write_transaction(context.engine) as connection:
        clock, now = context.load_business_time(connection, step.at)
        act(connection, require_outreach(connection, step.client_id, step.n), now)
        return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
