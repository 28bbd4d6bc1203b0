"""Erasing a client: nothing of theirs moves any more, then nothing of them is left."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, or_, select
from temporalio import activity

from activities.fixing.settling import let_go
from activities.heart import beating
from activities.house import House
from algorithms import forgetting
from domain.fix_states import SETTLED as FIX_OVER
from domain.outreach import SETTLED as MAIL_OVER
from errors import NotFound
from models.base import ClientId
from models.erasures import ErasureCount, ErasureLook, ErasureStep
from models.fixes import FixId, FixState
from models.states import OutreachState
from store import erasure, fixes, ledger
from store.database import forget_journal, writing
from store.tables import fixes as fix_rows
from store.tables import outreaches

CODE: Final = "erased"
"""Why a mail or a Fix was called off. Those that an attempt before this one called off are told of again."""


class Erase:
    """See the module."""

    def __init__(self, house: House) -> None:
        self._house = house

    @activity.defn
    def still_client(self, step: ErasureStep) -> ErasureLook:
        """Hold the client's mail, call off mails and Fixes; what is with the mail server is counted. Raises NotFound
        for an id that nobody knows: a slip of the hand must not refuse it for ever."""
        with writing(self._house.engine) as connection:
            _, now = self._house.time(connection, step.at)
            if not erasure.hold(connection, step.client_id, now):
                erasure.status(connection, self._house.settings.keys.signing, step.client_id)
        return self._called_off(step)

    @activity.defn
    def erase_client(self, step: ErasureStep) -> ErasureCount:
        """Refuse the id from now on, and take away all that is kept, batch by batch; how many rows that were."""
        key, engine, rows = self._house.settings.keys.signing, self._house.engine, 0
        with beating():
            with writing(engine) as connection:
                _, now = self._house.time(connection, step.at)
                erasure.bury(connection, key, step.client_id, now)
            self._called_off(step)  # what was asked for since the last look
            while gone := self._some(step.client_id):
                rows += gone
            forgetting.unname(Path(self._house.settings.home) / "artefacts", step.client_id)
            with writing(engine) as connection:
                erasure.seal(connection, key, step.client_id, now)
            forget_journal(engine)
        return ErasureCount(rows=rows)

    def _some(self, client_id: ClientId) -> int:
        with writing(self._house.engine) as connection:
            return erasure.erase_some(connection, client_id)

    def _called_off(self, step: ErasureStep) -> ErasureLook:
        with writing(self._house.engine) as connection:
            _, now = self._house.time(connection, step.at)
            for n, state, lease in _mails(connection, step.client_id):
                _stop(connection, step.client_id, n, now, lost=_lost(state, lease, self._house.real(step.at)))
            mails = _mails(connection, step.client_id)
            boxes = _boxes(connection, step.client_id)
        for fix_id in boxes:  # one a transaction: each locks its stock
            self._let_go(fix_id, now)
        in_data = sum(state == OutreachState.DATA for _, state, _ in mails)
        return ErasureLook(outreaches=tuple(n for n, _, _ in mails), fixes=tuple(boxes), in_data=in_data)

    def _let_go(self, fix_id: FixId, now: datetime) -> None:
        with suppress(NotFound), writing(self._house.engine) as connection:
            fixes.get(connection, fix_id, lock=True)
            let_go(connection, fix_id, FixState.CANCELLED, CODE, now)


def _mails(connection: Connection, client_id: ClientId) -> list[tuple[int, str, datetime | None]]:
    """(number, state, lease) of each mail that was on its way when the erasure came."""
    o = outreaches.c
    query = select(o.n, o.state, o.lease_until).where(
        o.client_id == client_id, or_(o.state.not_in(MAIL_OVER), o.code == CODE)
    )
    return [(n, state, lease) for n, state, lease in connection.execute(query.order_by(o.n))]


def _lost(state: str, lease: datetime | None, real: datetime) -> bool:
    """Whether a mail lies with the mail server of an attempt that cannot be alive any more."""
    return state == OutreachState.DATA and (lease is None or real >= lease)


def _stop(connection: Connection, client_id: ClientId, n: int, now: datetime, *, lost: bool) -> None:
    to = OutreachState.UNKNOWN if lost else OutreachState.REJECTED
    barred = None if lost else OutreachState.DATA
    ledger.move(connection, client_id, n, to, now, code=CODE, barred=barred)


def _boxes(connection: Connection, client_id: ClientId) -> list[FixId]:
    """The Fixes that were being made or on their way when the erasure came. A box that is shipped stays so: nobody
    asks any more what was kept of it."""
    f = fix_rows.c
    query = select(f.fix_id).where(f.client_id == client_id, or_(f.state.not_in(FIX_OVER), f.code == CODE))
    return list(connection.scalars(query.order_by(f.fix_id)))
