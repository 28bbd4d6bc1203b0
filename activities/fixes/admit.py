"""Whether a client may have the Fix that was saved for them."""

from __future__ import annotations

from sqlalchemy import Connection
from temporalio import activity

from errors import NotFound
from models.fixes import FixAdmission, FixAdmitted
from services.context import ServiceContext
from services.fixes.fix_steps import told
from store.clients import clients
from store.database import read_transaction
from store.fixes import fixes
from store.fixes.fixes import FixRow


class AdmitFix:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def admit_fix(self, admission: FixAdmission) -> FixAdmitted:
        """Where the Fix stands, or why it is refused. Raises NotFound for a Fix that was never saved."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, admission.at)
            row = fixes.get(connection, admission.fix_id)
            done = told(self._context.settings, connection, row, clock, now)
            code, refused = _refused(connection, admission, row)
        return FixAdmitted(done=done, noted=bool(row.note) and not row.note_read, code=code, refused=refused)


def _refused(connection: Connection, admission: FixAdmission, row: FixRow) -> tuple[str, str]:
    if row.client_id != admission.client_id:
        return NotFound.code, "fix_id: no such Fix of this client"
    if clients.get(connection, admission.client_id) is None:
        return NotFound.code, "client_id: no client has this id"
    return "", ""
