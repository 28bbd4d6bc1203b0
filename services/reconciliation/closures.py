"""What somebody ended in the Temporal UI or by its command: a mail is cancelled for good, a client is said to be
without a workflow."""

from __future__ import annotations

from datetime import datetime

from errors import InFlight, NotFound
from models.actors import TEMPORAL
from models.base import ClientId
from models.outreach import Conclusion
from models.states import OutreachState
from services.context import ServiceContext
from services.mailing.steering import conclude_mail
from store.database import write_transaction
from store.events import outbox, workflows

CANCELLED = "cancelled"


def cancel_ended_mail(context: ServiceContext, client_id: ClientId, n: int, at: datetime) -> bool:
    """Cancel a mail whose workflow somebody ended at the real moment `at`, unless it has settled; return False while
    it is with the mail server."""
    order = Conclusion(client_id=client_id, n=n, at=at, to=OutreachState.REJECTED, code=CANCELLED)
    try:
        with write_transaction(context.engine) as connection:
            _, now = context.load_business_time(connection, at)
            conclude_mail(context.mail_rules, connection, TEMPORAL, order, now, context.wall())
            outbox.push_nudges(connection, "client", [client_id], context.wall())
    except InFlight:
        return False
    except NotFound:  # erased meanwhile
        return True
    return True


def note_ended_client(context: ServiceContext, client_id: ClientId, how: str) -> None:
    """Note that the workflow of a client has ended, where it should run."""
    with write_transaction(context.engine) as connection:
        if workflows.is_expected(connection, client_id):
            workflows.save_lost(connection, [(f"client:{client_id}", client_id)], how, context.wall())
