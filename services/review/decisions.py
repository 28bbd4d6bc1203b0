"""Approve or reject a draft, or all that are alike. The ledger moves in the same transaction, so that of two people one
decides and the other is told who it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.timing import MailRules
from errors import BadInput, Taken
from models.actors import Actor
from models.drafts import DraftDecided, DraftDecision, DraftId, DraftVerdict
from models.outreach import Conclusion
from models.states import OutreachState
from services.mailing.steering import conclude_mail
from services.review.edits import require_grounded
from services.review.rows import OpenDraft, format_draft_id, load_draft, require_open, require_version
from store.database import write_transaction
from store.events import outbox
from store.mail import drafts

BATCH: Final = 100
"""Drafts that one transaction decides, so that others may write in between."""
_AFTER: Final = {
    DraftVerdict.APPROVE: (OutreachState.SCHEDULED, "approved_by_person"),
    DraftVerdict.REJECT: (OutreachState.REJECTED, "rejected_by_person"),
}


@dataclass(frozen=True, slots=True)
class _Ruling:
    """A decision, who makes it, and when."""

    actor: Actor
    rules: MailRules
    decision: DraftDecision
    person: str
    now: datetime
    real_now: datetime

    def carry_out(self, connection: Connection, draft_id: DraftId) -> None:
        """Carry it out on one draft that waits. Raises what `decide_draft` does."""
        found = require_open(connection, draft_id, self.person, self.real_now)
        if self.decision.verdict is DraftVerdict.APPROVE:
            require_grounded(found.draft, found.brief)
        client_id, n = found.row.client_id, found.row.n
        verdict, reason = self.decision.verdict, self.decision.reason
        drafts.settle_draft(connection, client_id, n, verdict, self.person, self.now, reason)
        self._move(connection, found)
        outbox.push_nudges(connection, "mail", [format_draft_id(found.row)], self.real_now)

    def is_repeated(self, found: OpenDraft) -> bool:
        """Return whether the same person decided the same before."""
        return (found.row.verdict, found.row.decided_by) == (self.decision.verdict, self.person)

    def _move(self, connection: Connection, found: OpenDraft) -> None:
        to, code = _AFTER[self.decision.verdict]
        values = {"client_id": found.row.client_id, "n": found.row.n, "at": self.real_now, "to": to, "code": code}
        conclusion = Conclusion(**values, send_at=found.mail.send_at, by=self.person)
        conclude_mail(self.rules, connection, self.actor, conclusion, self.now, self.real_now)


def decide_draft(
    engine: Engine,
    actor: Actor,
    rules: MailRules,
    draft_id: DraftId,
    decision: DraftDecision,
    now: datetime,
    real_now: datetime,
) -> DraftDecided:
    """Decide on a draft, and with `alike` on all that are. The same person deciding the same again changes nothing.

    Raises:
        NotAllowed: the actor may not.
        NotFound: no such draft.
        Taken: somebody decided before, says who and when; or works on it, says until when.
        BadInput: field `version`; or a field of the draft, whose words the facts do not support.
    """
    permissions.require(actor, Action.DECIDE_MAIL)
    ruling = _Ruling(actor, rules, decision, decision.by or actor.who, now, real_now)
    with write_transaction(engine) as connection:
        found = load_draft(connection, draft_id)
        own_id = format_draft_id(found.row)
        alike = [format_draft_id(row) for row in drafts.list_alike(connection, found.row)] if decision.alike else []
        if found.row.state is OutreachState.AWAITING_PERSON or not ruling.is_repeated(found):
            require_version(found, decision.version)
            ruling.carry_out(connection, own_id)
    left = _decide_alike(engine, ruling, [other for other in alike if other != own_id])
    decided = (own_id, *(other for other in alike if other not in left and other != own_id))
    return DraftDecided(verdict=decision.verdict, decided=decided, left=left)


def _decide_alike(engine: Engine, ruling: _Ruling, draft_ids: Sequence[DraftId]) -> dict[DraftId, str]:
    """Decide on further drafts, and return those that were left alone, each with the reason."""
    left: dict[DraftId, str] = {}
    for start in range(0, len(draft_ids), BATCH):
        with write_transaction(engine) as connection:
            for draft_id in draft_ids[start : start + BATCH]:
                try:
                    ruling.carry_out(connection, draft_id)
                except (Taken, BadInput) as refused:  # raised before anything of this draft was changed
                    left[draft_id] = refused.reason
    return left
