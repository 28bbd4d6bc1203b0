"""Erase a client: first stop what is under way, then take away all that is kept."""

from __future__ import annotations

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from models.erasures import ErasureCount, ErasureLook, ErasureStep
from services.context import ServiceContext
from services.privacy import client_erasure
from store.database import write_transaction
from store.privacy import erasure


class ErasureSteps:
    """The two steps of an erasure."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity("still_client")
    def freeze_client(self, step: ErasureStep) -> ErasureLook:
        """Hold the client's mail, call off mails and Fixes, and count the mails that are with the mail server.

        Raises NotFound for an id that nobody knows: a typing error must not refuse that id for ever."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            if not erasure.hold_for_erasure(connection, step.client_id, now):
                erasure.load_status(connection, self._context.settings.keys.signing, step.client_id)
        return client_erasure.stop_open_work(self._context, step)

    @declare_activity()
    def erase_client(self, step: ErasureStep) -> ErasureCount:
        """Refuse the id from now on, delete all that is kept, batch by batch, and return the number of rows."""
        with send_heartbeats():
            return ErasureCount(rows=client_erasure.erase_client(self._context, step))
