"""Put mails on the desk: those that a policy holds, and those that the reviewer refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from domain.draft_sentences import compute_likeness
from domain.review_policy import choose_hold
from domain.sequences import is_of_sequence
from models.drafts import HoldReason
from models.mail import Brief, EmailDraft
from models.states import OutreachState
from store.mail import drafts, ledger
from store.mail.ledger import LedgerRow

DAY: Final = timedelta(days=1)


def hold_by_policy(
    connection: Connection,
    row: LedgerRow,
    policy: str,
    draft: EmailDraft,
    brief: Brief,
    now: datetime,
    values: dict[str, Any],
) -> bool:
    """Have a mail await a person, with these `values` of its row, where the policy says so; return whether it does.

    A sample is at least as large as the policy says: workers who hold at the same moment count each other late.
    """
    of_kind = row.campaign is None or is_of_sequence(row.reason_key)
    held = drafts.count_held(connection, row.campaign, row.kind if of_kind else None, now - DAY)
    why = choose_hold(policy, held)
    if why is None:
        return False
    state = OutreachState.AWAITING_PERSON
    if ledger.move_mail(connection, row.client_id, row.n, state, now, code=f"review_{why}", values=values):
        put_on_desk(connection, row, why, draft, brief, now)
    return True


def put_on_desk(
    connection: Connection, row: LedgerRow, why: HoldReason, draft: EmailDraft, brief: Brief, now: datetime
) -> None:
    """Put a mail on the desk. Call in the transaction in which it begins to await a person."""
    likeness = compute_likeness(draft, brief)
    drafts.open_draft(connection, row.client_id, row.n, row.kind, row.campaign, why, likeness, now)
