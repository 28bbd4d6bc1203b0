"""Stop what is under way for a client, and erase what is kept of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from algorithms import artefact_erasure
from errors import NotFound
from models.base import ClientId
from models.erasures import ErasureLook, ErasureStep
from models.fixes import FixId, FixState
from models.states import OutreachState
from services.context import ServiceContext
from services.fixes.settlement import end_and_release
from store.database import empty_journal, write_transaction
from store.fixes import fixes
from store.privacy import erasure, open_work


def stop_open_work(context: ServiceContext, step: ErasureStep) -> ErasureLook:
    """Stop the client's mails and open Fixes; return which they were, and how many are with the mail server."""
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        open_work.stop_mails(connection, step.client_id, now, context.resolve_real_time(step.at))
        mails = open_work.list_mails(connection, step.client_id)
        boxes = open_work.list_fixes(connection, step.client_id)
    for fix_id in boxes:  # one a transaction: each locks its stock
        _end_fix(context.engine, fix_id, now)
    in_data = sum(mail.state == OutreachState.DATA for mail in mails)
    return ErasureLook(outreaches=tuple(mail.n for mail in mails), fixes=tuple(boxes), in_data=in_data)


def erase_client(context: ServiceContext, step: ErasureStep) -> int:
    """Refuse the id from now on, erase all that is kept, batch by batch, and return the number of rows."""
    key, engine, client_id, rows = context.settings.keys.signing, context.engine, step.client_id, 0
    with write_transaction(engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        erasure.replace_with_tombstone(connection, key, client_id, now)
    stop_open_work(context, step)  # what began since the last look
    while count := erase_batch(engine, client_id):
        rows += count
    artefact_erasure.erase_client(Path(context.settings.home) / "artefacts", client_id)
    with write_transaction(engine) as connection:
        erasure.mark_erased(connection, key, client_id, now)
    empty_journal(engine)
    return rows


def erase_batch(engine: Engine, client_id: ClientId) -> int:
    """Erase the next rows of the client in one transaction; return how many, 0 once none are left."""
    with write_transaction(engine) as connection:
        return erasure.erase_batch(connection, client_id)


def _end_fix(engine: Engine, fix_id: FixId, now: datetime) -> None:
    with suppress(NotFound), write_transaction(engine) as connection:
        fixes.load_fix(connection, fix_id, lock=True)
        end_and_release(connection, fix_id, FixState.CANCELLED, open_work.ERASED, now)
