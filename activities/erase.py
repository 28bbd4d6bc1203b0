"""Erasing a client: nothing of theirs moves any more, then nothing of them is left."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from temporalio import activity

from activities.fixes.settle import let_go
from activities.heartbeat import beating
from algorithms import forgetting
from errors import NotFound
from models.base import ClientId
from models.erasures import ErasureCount, ErasureLook, ErasureStep
from models.fixes import FixId, FixState
from models.states import OutreachState
from services.context import ServiceContext
from store.database import forget_journal, write_transaction
from store.fixes import fixes
from store.privacy import erasure, under_way


class Erase:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def still_client(self, step: ErasureStep) -> ErasureLook:
        """Hold the client's mail, call off mails and Fixes; what is with the mail server is counted. Raises NotFound
        for an id that nobody knows: a slip of the hand must not refuse it for ever."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            if not erasure.hold(connection, step.client_id, now):
                erasure.status(connection, self._context.settings.keys.signing, step.client_id)
        return self._called_off(step)

    @activity.defn
    def erase_client(self, step: ErasureStep) -> ErasureCount:
        """Refuse the id from now on, and take away all that is kept, batch by batch; how many rows that were."""
        key, engine, rows = self._context.settings.keys.signing, self._context.engine, 0
        with beating():
            with write_transaction(engine) as connection:
                _, now = self._context.business_time(connection, step.at)
                erasure.bury(connection, key, step.client_id, now)
            self._called_off(step)  # what was asked for since the last look
            while gone := self._some(step.client_id):
                rows += gone
            forgetting.unname(Path(self._context.settings.home) / "artefacts", step.client_id)
            with write_transaction(engine) as connection:
                erasure.seal(connection, key, step.client_id, now)
            forget_journal(engine)
        return ErasureCount(rows=rows)

    def _some(self, client_id: ClientId) -> int:
        with write_transaction(self._context.engine) as connection:
            return erasure.erase_some(connection, client_id)

    def _called_off(self, step: ErasureStep) -> ErasureLook:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            under_way.stop_mails(connection, step.client_id, now, self._context.real(step.at))
            mails = under_way.mails(connection, step.client_id)
            boxes = under_way.boxes(connection, step.client_id)
        for fix_id in boxes:  # one a transaction: each locks its stock
            self._let_go(fix_id, now)
        in_data = sum(mail.state == OutreachState.DATA for mail in mails)
        return ErasureLook(outreaches=tuple(mail.n for mail in mails), fixes=tuple(boxes), in_data=in_data)

    def _let_go(self, fix_id: FixId, now: datetime) -> None:
        with suppress(NotFound), write_transaction(self._context.engine) as connection:
            fixes.get(connection, fix_id, lock=True)
            let_go(connection, fix_id, FixState.CANCELLED, under_way.ERASED, now)
