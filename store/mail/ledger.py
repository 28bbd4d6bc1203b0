"""The ledger: one row for each mail, moved only by conditional updates, so that each mail ends in exactly one state.

`intent -> claimed (token, lease) -> data -> sent | failed | unknown`. `claimed -> data` is one commit, made after RCPT
was accepted and right before DATA, which reads everything again that could forbid the mail. A row left in `data` by a
dead worker becomes `unknown`: SMTP cannot say whether it went, so it is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from domain.outreach import SETTLED, ClientMail, list_sources
from domain.planning import MailStart
from domain.states import ENROLMENT
from errors import NotFound
from models.base import ClientId
from models.clock import Clock
from models.journey_steps import MailContent
from models.offers import OfferSlug
from models.outreach import StepDone
from models.states import EnrolmentState, OutreachState, Phase
from models.webhooks import Announcement, WebhookType
from store.experiments.assignments import save_assignments
from store.experiments.exposures import build_text_assignment, save_mail_exposures
from store.sql.bulk import give, match_given
from store.sql.records import Record
from store.sql.row_arrays import build_row, execute_rows, insert_rows
from store.sql.types import UtcTime
from store.tables import edits, enrolments, outreach_steps, outreaches
from store.webhooks.announcements import push_messages


@dataclass(frozen=True, slots=True)
class PlannedMail(ClientMail, Record):
    """What a plan reads of one mail."""


@dataclass(frozen=True, slots=True)
class LedgerRow(PlannedMail):
    """One mail, whole."""

    client_id: ClientId
    assessment_id: str
    score: float
    phase: Phase
    send_at: datetime | None
    token: str | None
    lease_until: datetime | None
    """Real time."""
    message_id: str | None
    composed_by: str | None
    prompt_version: str | None
    brief: dict[str, Any] | None
    draft: dict[str, Any] | None
    picks: list[dict[str, Any]] | None
    autonomy: str | None
    digest: str | None
    review: dict[str, Any] | None
    attempt: int
    refusals: int
    content: MailContent | None = None
    offer: OfferSlug | None = None

    def build_result(self, clock: Clock) -> StepDone:
        """Build the result of a step that left the mail like this."""
        return StepDone(state=self.state, clock=clock, next_at=self.send_at, code=self.code)


# Built once: they run for every mail, and building one takes longer than running it.
_OF_CLIENT: Final = outreaches.c.client_id == bindparam("client")
_OF_MAIL: Final = _OF_CLIENT & (outreaches.c.n == bindparam("mail"))
_MAIL: Final = select(*LedgerRow.list_columns(outreaches)).where(_OF_MAIL)
_PLANNED: Final = select(*PlannedMail.list_columns(outreaches)).where(_OF_CLIENT).order_by(outreaches.c.n)
_OWNER: Final = select(outreaches.c.state, outreaches.c.token).where(_OF_MAIL)
_NEW_MAIL: Final = insert(outreaches)
_NEW_STEP: Final = insert(outreach_steps)
_IS_ENDING: Final = and_(
    enrolments.c.step == "",  # one with more steps goes on with the client's next assessment
    or_(*(enrolments.c.state == state for state in sorted(ENROLMENT.list_sources(EnrolmentState.COMPLETED)))),
)
FINISH_ENROLMENT: Final = update(enrolments).where(
    enrolments.c.client_id == bindparam("client"), enrolments.c.n == bindparam("mail"), _IS_ENDING
)


def begin_mail(
    connection: Connection,
    client_id: ClientId,
    n: int,
    start: MailStart,
    *,
    assessment_id: str,
    score: float,
    phase: Phase,
    now: datetime,
) -> None:
    """Add the client's mail number `n`, which is not written yet. The keys of the table refuse a number or a trigger
    that has a mail already."""
    mail = {
        "client_id": client_id,
        "n": n,
        "reason_key": start.key,
        "kind": start.kind,
        "campaign": start.campaign,
        "assessment_id": assessment_id,
        "score": score,
        "phase": phase,
        "priority": start.priority,
        "state": OutreachState.BRIEFED,
        "created_at": now,
        "updated_at": now,
        "offer": start.offer,
        "content": dump_content(start),
    }
    connection.execute(_NEW_MAIL, mail)
    save_assignments(connection, build_text_assignment(client_id, start.content, now))
    _save_step(connection, client_id, n, OutreachState.BRIEFED, "", now)


def dump_content(start: MailStart) -> dict[str, Any] | None:
    """Dump what the step of a campaign says of a mail, as the ledger holds it."""
    return start.content.model_dump(mode="json", exclude_defaults=True) if start.content else None


def load_mail(connection: Connection, client_id: ClientId, n: int) -> LedgerRow | None:
    """Load the row of one mail; None if there is none."""
    row = connection.execute(_MAIL, {"client": client_id, "mail": n}).one_or_none()
    return None if row is None else LedgerRow.from_row(row)


def require_mail(connection: Connection, client_id: ClientId, n: int) -> LedgerRow:
    """Load the row of one mail. Raises NotFound, which is permanent: an erased client's mail is gone."""
    row = load_mail(connection, client_id, n)
    if row is None:
        raise NotFound("no such mail in the ledger", "n")
    return row


def is_claimed(connection: Connection, client_id: ClientId, n: int, token: str) -> bool:
    """Return whether the attempt with this token still owns the mail."""
    row = connection.execute(_OWNER, {"client": client_id, "mail": n}).one_or_none()
    return row is not None and row.state == OutreachState.CLAIMED and row.token == token


def move_mail(
    connection: Connection,
    client_id: ClientId,
    n: int,
    to: OutreachState,
    now: datetime,
    *,
    code: str = "",
    token: str | None = None,
    values: Mapping[str, Any] | None = None,
    barred: OutreachState | None = None,
    source: OutreachState | None = None,
) -> bool:
    """Move a mail to `to` if its state allows that step, is not `barred`, is `source` where that is
    given, and `token`, when given, still owns it; return whether it moved."""
    changes = {"state": to, "code": code, "updated_at": now, **(values or {})}
    of_mail = {"client": client_id, "mail": n} | ({} if token is None else {"owner": token})
    moved = connection.execute(_build_move(to, barred, source, token is not None), changes | of_mail).rowcount == 1
    if moved:
        _save_step(connection, client_id, n, to, code, now)
        if to is OutreachState.SENT:
            push_messages(connection, [Announcement(WebhookType.MAIL_SENT, now, {}, client_id, n)])
            save_mail_exposures(connection, [(client_id, n)], now)
        if to in SETTLED:
            _finish_enrolment(connection, client_id, n, code, now)
    return moved


_RETURNED: Final = {
    OutreachState.BOUNCED: WebhookType.MAIL_BOUNCED,
    OutreachState.COMPLAINED: WebhookType.MAIL_COMPLAINED,
}


class MailReturn(NamedTuple):
    """A mail of which something came back, and what: `at` in business time."""

    client_id: ClientId
    n: int
    at: datetime
    code: str


def move_returned(connection: Connection, mails: Sequence[MailReturn], to: OutreachState) -> None:
    """Move mails, each named once, to `bounced` or `complained` where their state allows it. One whose attempt was not
    settled yet did leave."""
    left = _lock_movable(connection, mails, to) if mails else set()
    moved = [mail for mail in mails if (mail.client_id, mail.n) in left]
    if not moved:
        return
    dialect = connection.dialect.name
    rows = [{"client": m.client_id, "mail": m.n, "word": m.code, "moment": m.at} for m in moved]
    execute_rows(connection, _build_return(dialect, to), rows)
    if to is OutreachState.COMPLAINED:  # whoever complains has seen it, though its attempt was not settled
        save_mail_exposures(connection, [(m.client_id, m.n) for m in moved], max(m.at for m in moved))
    steps = [{"client_id": m.client_id, "n": m.n, "at": m.at, "state": to, "code": m.code} for m in moved]
    insert_rows(connection, outreach_steps, steps)
    execute_rows(connection, _build_enrolment_end(dialect), rows)
    told = _RETURNED[to]
    push_messages(connection, [Announcement(told, m.at, {"code": m.code}, m.client_id, m.n) for m in moved])


_RETURNED_MAIL: Final = {"client": Text(), "mail": Integer(), "word": Text(), "moment": UtcTime()}


@cache  # building it takes longer than running it
def _build_return(dialect: str, to: OutreachState) -> Update:
    """Build the update of mails that came back, which were locked before."""
    one, o = build_row(dialect, _RETURNED_MAIL), outreaches.c
    moved = update(outreaches).where(o.client_id == one["client"], o.n == one["mail"])
    left_at = func.coalesce(o.sent_at, one["moment"])
    return moved.values(state=to, code=one["word"], updated_at=one["moment"], sent_at=left_at)


@cache
def _build_enrolment_end(dialect: str) -> Update:
    one, e = build_row(dialect, _RETURNED_MAIL), enrolments.c
    done = update(enrolments).where(e.client_id == one["client"], e.n == one["mail"], _IS_ENDING)
    return done.values(state=EnrolmentState.COMPLETED, code=one["word"], at=one["moment"])


def _lock_movable(connection: Connection, mails: Sequence[MailReturn], to: OutreachState) -> set[tuple[str, int]]:
    """Lock those of these mails that may move, in one order for all writers, and return which they are."""
    wanted = {(mail.client_id, mail.n) for mail in mails}
    given = give(connection, sorted({client_id for client_id, _ in wanted}))
    given |= {"numbers": sorted({n for _, n in wanted})}
    rows = connection.execute(_select_movable(connection.dialect.name, to), given)
    return {(row.client_id, row.n) for row in rows if (row.client_id, row.n) in wanted}


@cache
def _select_movable(dialect: str, to: OutreachState) -> Select[Any]:
    o, numbers = outreaches.c, bindparam("numbers", expanding=True, type_=Integer)
    of_mails = match_given(dialect, o.client_id) & o.n.in_(numbers) & o.state.in_(sorted(list_sources(to)))
    return select(o.client_id, o.n).where(of_mails).order_by(o.client_id, o.n).with_for_update()


def use_edit(connection: Connection, client_id: ClientId, n: int, edit_id: str) -> None:
    """Replace the draft by a person's edit that was saved before."""
    edit = connection.scalar(
        select(edits.c.draft).where(edits.c.id == edit_id, edits.c.client_id == client_id, edits.c.n == n)
    )
    if edit is None:
        raise NotFound("no such edit of this mail", "edit_id")
    connection.execute(
        update(outreaches)
        .where(outreaches.c.client_id == client_id, outreaches.c.n == n)
        .where(outreaches.c.state == OutreachState.AWAITING_PERSON)
        .values(draft=edit, composed_by="person")
    )


def load_client_mails(connection: Connection, client_id: ClientId) -> list[PlannedMail]:
    """Load each mail of a client, oldest first."""
    return [PlannedMail.from_row(row) for row in connection.execute(_PLANNED, {"client": client_id})]


def _save_step(
    connection: Connection, client_id: ClientId, n: int, state: OutreachState, code: str, now: datetime
) -> None:
    connection.execute(_NEW_STEP, {"client_id": client_id, "n": n, "at": now, "state": state, "code": code})


@cache
def _build_move(
    to: OutreachState, barred: OutreachState | None, source: OutreachState | None, is_owned: bool
) -> Update:
    """Build the conditional update; it sets the columns whose names are among the parameters."""
    sources = sorted((list_sources(to) - {barred}) & ({source} if source else set(OutreachState)))
    statement = update(outreaches).where(_OF_MAIL, or_(false(), *(outreaches.c.state == state for state in sources)))
    return statement.where(outreaches.c.token == bindparam("owner")) if is_owned else statement


def _finish_enrolment(connection: Connection, client_id: ClientId, n: int, code: str, now: datetime) -> None:
    values = {"state": EnrolmentState.COMPLETED, "code": code, "at": now}
    connection.execute(FINISH_ENROLMENT, {"client": client_id, "mail": n, **values})
