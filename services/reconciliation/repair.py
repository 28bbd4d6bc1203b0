"""Ask for the workflows that should run and do not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from services.reconciliation.census import MissingWorkflows
from store.activity import write_activity
from store.database import write_transaction
from store.events import outbox

CHUNK = 5_000


def ask_for_missing(
    engine: Engine, actor: Actor, missing: MissingWorkflows, now: datetime, real_now: datetime
) -> dict[str, int]:
    """Put starts of what is missing, and looks at what is overdue, into the outbox, from which they drain at the set
    rate; return how many of each kind. Asking twice is asking once. Fixes and mails are not started from there. Raises
    NotAllowed."""
    permissions.require(actor, Action.RECONCILE)
    counts = missing.count()
    with write_transaction(engine) as connection:
        clients = [*missing.clients, *missing.overdue]
        for begin in range(0, len(clients), CHUNK):
            outbox.push_nudges(connection, "client", clients[begin : begin + CHUNK], real_now)
        outbox.push_nudges(connection, "campaign", missing.campaigns, real_now)
        outbox.push_nudges(connection, "erasure", missing.erasures, real_now)
        if any(counts.values()):
            subject = Subject(kind=SubjectKind.DATA, id="workflows")
            write_activity(connection, actor, Action.RECONCILE, subject, now, real_now, counts)
    return counts
