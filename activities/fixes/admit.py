"""Check whether a client may have the Fix that was saved for them."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.fixes import FixAdmission, FixAdmitted
from services.context import ServiceContext
from services.fixes import admission_rules
from services.fixes.fix_steps import build_step_result
from store.database import read_transaction
from store.fixes import fixes


class FixAdmissionSteps:
    """The first step of a Fix."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def admit_fix(self, admission: FixAdmission) -> FixAdmitted:
        """Return the state of the Fix, or why it is refused. Raises NotFound for a Fix that was never saved."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, admission.at)
            row = fixes.load_fix(connection, admission.fix_id)
            done = build_step_result(self._context.settings, connection, row, clock, now)
            code, refusal = admission_rules.explain_refusal(connection, admission, row)
        return FixAdmitted(done=done, noted=bool(row.note) and not row.note_read, code=code, refused=refusal)
