"""Find the draft that somebody names, and require that they may work on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain.draft_sentences import compute_version
from errors import BadInput, NotFound, Taken
from models.base import ClientId
from models.drafts import DraftId, DraftVerdict
from models.mail import Brief, EmailDraft
from models.states import OutreachState
from store.mail import drafts, ledger
from store.mail.drafts import DraftRow
from store.mail.ledger import LedgerRow

_ID: Final = re.compile(r"^([A-Za-z0-9._-]{1,64})[:/]([1-9]\d{0,8})$")
_DONE: Final = {DraftVerdict.APPROVE: "approved", DraftVerdict.REJECT: "rejected"}


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft with its mail, its text and what it was written from."""

    row: DraftRow
    mail: LedgerRow
    draft: EmailDraft
    brief: Brief


def parse_draft_id(draft_id: DraftId) -> tuple[ClientId, int]:
    """Parse `ann:3`, or `ann/3` as other commands name mails. Raises NotFound."""
    found = _ID.match(draft_id)
    if found is None:
        raise NotFound(f"{draft_id[:80]!r} names no draft; give CLIENT:NUMBER, such as ann:3", "draft_id")
    return found[1], int(found[2])


def format_draft_id(row: DraftRow) -> DraftId:
    """Format the id of a draft."""
    return f"{row.client_id}:{row.n}"


def load_draft(connection: Connection, draft_id: DraftId, *, lock: bool = False) -> OpenDraft:
    """Load a draft, whatever became of it. Raises NotFound."""
    client_id, n = parse_draft_id(draft_id)
    row = drafts.find_draft(connection, client_id, n, lock=lock)
    if row is None:
        raise NotFound(f"no mail {client_id}:{n} awaits a person, or ever did", "draft_id")
    mail = ledger.require_mail(connection, client_id, n)
    return OpenDraft(row, mail, EmailDraft.model_validate(mail.draft), Brief.model_validate(mail.brief))


def require_open(connection: Connection, draft_id: DraftId, by: str, real_now: datetime) -> OpenDraft:
    """Load a draft on which `by` may work. Raises NotFound; Taken, with who decided and when, or who works on it."""
    found = load_draft(connection, draft_id, lock=True)
    require_waiting(found.row)
    require_unclaimed(found.row, by, real_now)
    return found


def require_waiting(row: DraftRow) -> None:
    """Require that nobody has decided. Raises Taken."""
    if row.state is OutreachState.AWAITING_PERSON:
        return
    if row.verdict is not None and row.decided_at is not None:
        when = f"{row.decided_at:%Y-%m-%d %H:%M} UTC"
        raise Taken(f"{row.decided_by} {_DONE[row.verdict]} this draft at {when}", "draft_id")
    raise Taken(f"this mail is {row.state}; it does not await a person any more", "draft_id")


def require_unclaimed(row: DraftRow, by: str, real_now: datetime) -> None:
    """Require that nobody else works on it. Raises Taken."""
    until = row.claimed_until
    if row.claimed_by not in ("", by) and until is not None and until > real_now:
        raise Taken(f"{row.claimed_by} works on this draft until {until:%H:%M} UTC", "draft_id")


def require_version(found: OpenDraft, version: str | None) -> None:
    """Require that the text is the one that was read. Raises BadInput."""
    if version is not None and version != compute_version(found.draft):
        raise BadInput("the text was changed meanwhile; read it again", "version")
