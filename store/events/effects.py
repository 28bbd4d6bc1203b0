"""What some events change besides the statistics: the quiz, consent, suppression, and mails that came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from domain.consent import find_source
from models.consents import Purpose
from models.events import ClientUnsubscribed, ConsentChanged, EmailBounced, EmailComplained, Event
from store.clients.purposes import save_purposes
from store.mail import returned
from store.mail.mailbox_fill import fill_missing
from store.mail.policy import ShopPolicy
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, hash_mailbox, suppress_mailboxes
from store.mail.withdrawals import withdraw_mailbox
from store.sql.bulk import among
from store.tables import clients, events
from store.tables import withdrawals as withdrawals_table

CONSENT_TYPES: Final = frozenset({"consent_changed", "unsubscribed", "email_complained"})
"""Event types that may change consent. A bounce is not among them: it says nothing of what the client wants."""
REPLY_TYPES: Final = CONSENT_TYPES | {"email_bounced"}
"""Event types by which a reader or their server answers our mail."""


def save_quizzes(connection: Connection, client_ids: Iterable[str]) -> None:
    """Save each client's latest quiz in its row; read from the events, so the order of arrival does not matter."""
    query = (
        select(events.c.client_id, events.c.data)
        .where(among(connection, events.c.client_id, client_ids), events.c.type == "quiz_answered")
        .order_by(events.c.client_id, events.c.occurred_at, events.c.event_id)
    )
    latest = {row.client_id: row.data for row in connection.execute(query)}
    if latest:
        connection.execute(
            update(clients).where(clients.c.client_id == bindparam("_client")).values(quiz=bindparam("_quiz")),
            [{"_client": client_id, "_quiz": _parse_quiz(data or {})} for client_id, data in latest.items()],
        )


def _parse_quiz(data: dict[str, Any]) -> dict[str, Any]:
    lists = {name: list(data.get(name, ())) for name in ("styles", "colours", "categories", "sizes")}
    return lists | {"budget_cents": data.get("budget_cents")}


class _Row(NamedTuple):
    """What the client's row says. `withdrawn_at`: the last withdrawal of the mailbox, overcome or not."""

    consent: bool
    consent_at: datetime | None
    mailbox: str
    withdrawn_at: datetime | None

    @property
    def since(self) -> datetime | None:
        """Since when what ended the consent is in force; of a consent that holds, that of the mailbox alone."""
        ended_at = None if self.consent else self.consent_at
        return max((m for m in (ended_at, self.withdrawn_at) if m is not None), default=None)


def apply_replies(connection: Connection, policy: ShopPolicy, replies: Sequence[Event]) -> list[str]:
    """Apply events about consent, bounces and complaints in the order in which they arrived; return the clients who
    now consent and did not before.

    A withdrawal ends every consent that arrived before it, whatever their times say. A consent that arrives later
    counts if it was given later. Both hold for the mailbox; a bounce or complaint for the one to which the mail went.
    """
    fill_missing(connection, policy, {event.client_id for event in replies})
    save_purposes(connection, [event for event in replies if isinstance(event, ConsentChanged)])
    consenting: dict[str, None] = {}
    for change, group in groupby(replies, key=_choose_change):
        consenting |= dict.fromkeys(change(connection, policy, list(group)))
    return list(consenting)


def _choose_change(event: Event) -> Any:
    match event:
        case EmailBounced() | EmailComplained():
            return _apply_returns
        case ConsentChanged(purposes=purposes) if Purpose.MAIL not in purposes:
            return _leave_mail_alone
        case ConsentChanged(consent=True):
            return _give_consent
        case _:
            return _withdraw_consent


def _load_rows(connection: Connection, client_ids: Iterable[str]) -> dict[str, _Row]:
    c, w = clients.c, withdrawals_table.c
    query = (
        select(c.client_id, c.consent, c.consent_at, c.mailbox, w.at)
        .outerjoin(withdrawals_table, w.mailbox == c.mailbox)
        .where(among(connection, c.client_id, client_ids))
    )
    return {row.client_id: _Row(*row[1:]) for row in connection.execute(query)}


def _find_latest(group: Sequence[Event]) -> dict[str, datetime]:
    latest: dict[str, datetime] = {}
    for event in group:
        latest[event.client_id] = max(event.occurred_at, latest.get(event.client_id, event.occurred_at))
    return latest


def _give_consent(connection: Connection, _policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    latest = _find_latest(group)
    rows = _load_rows(connection, latest)
    given = {key: at for key, at in latest.items() if (since := rows[key].since) is None or at > since}
    moments = {key: max(at, rows[key].consent_at or at) for key, at in given.items()}
    _save_consent(connection, moments, True, _list_sources(group))
    overcome = [{"_client": key, "_at": rows[key].withdrawn_at} for key in sorted(given) if rows[key].withdrawn_at]
    if overcome:
        cleared = update(clients).where(clients.c.client_id == bindparam("_client"))
        connection.execute(cleared.values(cleared_at=bindparam("_at")), overcome)
    return [key for key in given if not rows[key].consent]


def _withdraw_consent(connection: Connection, _policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    latest = _find_latest(group)
    rows = _load_rows(connection, latest)
    moments = {
        key: at if rows[key].consent else max(at, rows[key].consent_at or at) for key, at in sorted(latest.items())
    }
    _save_consent(connection, moments, False, _list_sources(group))
    boxes: dict[str, datetime] = {}
    for event in group:
        mail = _find_mail(connection, event)
        for mailbox in {rows[event.client_id].mailbox, mail.mailbox if mail else ""}:
            boxes[mailbox] = moments[event.client_id]
    for mailbox, at in sorted(boxes.items()):
        withdraw_mailbox(connection, mailbox, at)
    return []


def _leave_mail_alone(_connection: Connection, _policy: ShopPolicy, _group: Sequence[Event]) -> list[str]:
    return []


def _list_sources(group: Sequence[Event]) -> dict[str, str]:
    """List where each client of the group said it last."""
    return {event.client_id: find_source(event) for event in sorted(group, key=lambda event: event.occurred_at)}


def _save_consent(
    connection: Connection, moments: dict[str, datetime], consent: bool, sources: Mapping[str, str]
) -> None:
    if moments:
        connection.execute(
            update(clients)
            .where(clients.c.client_id == bindparam("_client"))
            .values(consent=consent, consent_at=bindparam("_at"), consent_source=bindparam("_source")),
            [
                {"_client": client_id, "_at": at, "_source": sources[client_id]}
                for client_id, at in sorted(moments.items())
            ],
        )


def _apply_returns(connection: Connection, policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    for event in group:
        mail, present = _find_mail(connection, event, latest=True), _hash_present(connection, policy, event)
        mailbox = mail.mailbox if mail is not None and mail.mailbox else present
        mail = None if mail is None else mail._replace(mailbox=mailbox)
        if isinstance(event, EmailComplained):
            if mailbox == present:
                _save_consent(connection, {event.client_id: event.occurred_at}, False, _list_sources([event]))
            _apply_complaint(connection, mail, mailbox, event.occurred_at)
        elif isinstance(event, EmailBounced) and mail is not None:
            returned.record_bounce(connection, mail, event.hard, event.code, event.occurred_at)
        elif isinstance(event, EmailBounced) and event.hard:
            suppress_mailboxes(connection, {mailbox: (HARD_BOUNCE, event.occurred_at)})
    return []


def _apply_complaint(connection: Connection, mail: returned.SentMail | None, mailbox: str, at: datetime) -> None:
    withdraw_mailbox(connection, mailbox, at)
    if mail is None:
        suppress_mailboxes(connection, {mailbox: (COMPLAINT, at)})
    else:
        returned.record_complaint(connection, mail, at)


def _find_mail(connection: Connection, event: Event, *, latest: bool = False) -> returned.SentMail | None:
    """Find the mail that the event names; else, where `latest`, the last one sent before the event."""
    key = event.outreach if isinstance(event, EmailBounced | EmailComplained | ClientUnsubscribed) else None
    head, _, number = (key or "").rpartition(".")
    if head == event.client_id and number.isdigit() and len(number) < 10:
        return returned.find_sent_mail(connection, event.client_id, int(number), event.occurred_at)
    return returned.find_sent_mail(connection, event.client_id, None, event.occurred_at) if latest else None


def _hash_present(connection: Connection, policy: ShopPolicy, event: Event) -> str:
    email = connection.scalar(select(clients.c.email).where(clients.c.client_id == event.client_id)) or ""
    return hash_mailbox(policy.signing_key, email, policy.fold_tags)
