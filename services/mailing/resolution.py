"""Settle by a person's word what SMTP could not say: whether an `unknown` mail arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from domain import permissions
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.outreach import UnknownMailAnswer
from models.states import OutreachState, Overdue
from services.context import ServiceContext
from store.activity import write_activity
from store.campaigns import campaigns
from store.clients import clients
from store.database import write_transaction
from store.events import outbox
from store.mail import ledger
from store.mail.ledger import LedgerRow

RESEND: Final = "resend"
"""The code of a mail that a person asked to be sent again; it waits for the client's turn."""


def resolve_mail(
    context: ServiceContext, actor: Actor, client_id: ClientId, n: int, answer: UnknownMailAnswer
) -> OutreachState:
    """Settle the `unknown` mail `n` of a client as a person says, put that on record, and return its state.

    `arrived`: it was sent. `resend`: it queues again, with the same Message-ID, and passes the send gate as every mail
    does.

    Raises:
        NotAllowed: the actor may not.
        NotFound: no such mail.
        BadInput: field `state`, for a mail that is not `unknown`.
    """
    permissions.require(actor, Action.RESOLVE_MAIL)
    real_now = context.wall()
    with write_transaction(context.engine) as connection:
        now = context.load_business_time(connection, real_now)[1]
        if not clients.lock_client(connection, client_id):
            raise NotFound(f"no client {client_id}", "client_id")
        row = ledger.load_mail(connection, client_id, n)
        if row is None:
            raise NotFound(f"{client_id} has no mail {n}", "n")
        if row.state is not OutreachState.UNKNOWN:
            raise BadInput(f"mail {n} is {row.state}; only an unknown one can be resolved", "state")
        state = _settle(connection, row, answer, now)
        subject = Subject(kind=SubjectKind.MAIL, id=f"{client_id}/{n}", client_id=client_id)
        data = {"answer": answer.verdict, "because": answer.because}
        write_activity(connection, actor, Action.RESOLVE_MAIL, subject, now, real_now, data)
        outbox.push_nudges(connection, "client", [client_id], real_now)
    return state


def _settle(connection: Connection, row: LedgerRow, answer: UnknownMailAnswer, now: datetime) -> OutreachState:
    values: dict[str, Any] = {"sent_at": row.updated_at}
    to, code = OutreachState.SENT, "resolved_arrived"
    if answer.verdict == "resend":
        # Parked, it asks for the client's turn as after a pause; its campaign's epoch lets it queue at once.
        epoch = campaigns.load_gate(connection, row.campaign).epoch if row.campaign else row.epoch
        to, code, values = OutreachState.PARKED, RESEND, {"overdue": Overdue.SEND_LATE, "epoch": epoch, "send_at": now}
    ledger.move_mail(connection, row.client_id, row.n, to, now, code=code, values=values)
    return to
