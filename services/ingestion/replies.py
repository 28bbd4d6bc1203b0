"""Apply the events by which a reader or their server answers our mail: consent, bounces and complaints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from domain.consent import apply_change, find_source, may_personalise
from domain.mail_consent import ConsentState, decide_giving, decide_withdrawal
from models.consents import OTHER_PURPOSES, Purpose
from models.events import ClientUnsubscribed, ConsentChanged, EmailBounced, EmailComplained, Event
from services.returns import mail_states
from store.clients import consent, purposes
from store.mail import returned
from store.mail.mailbox_fill import fill_missing
from store.mail.policy import ShopPolicy
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, hash_mailbox, suppress_mailboxes
from store.mail.withdrawals import withdraw_mailbox


def apply_replies(connection: Connection, policy: ShopPolicy, replies: Sequence[Event]) -> list[str]:
    """Apply events about consent, bounces and complaints in the order in which they arrived; return the clients who
    now consent and did not before. A bounce or complaint holds for the mailbox to which the mail went."""
    fill_missing(connection, policy, {event.client_id for event in replies})
    _change_purposes(connection, [event for event in replies if isinstance(event, ConsentChanged)])
    consenting: dict[str, None] = {}
    for change, group in groupby(replies, key=_choose_change):
        consenting |= dict.fromkeys(change(connection, policy, list(group)))
    return list(consenting)


def _change_purposes(connection: Connection, changes: Sequence[ConsentChanged]) -> None:
    """Apply what changes of consent say about other purposes than mail, in the order in which they arrived. The taste
    that was computed of a client who refuses personalisation goes."""
    about = [change for change in changes if not set(OTHER_PURPOSES).isdisjoint(change.purposes)]
    if not about:
        return
    stated = purposes.load_purposes(connection, {change.client_id for change in about})
    for change in about:
        stated[change.client_id] = apply_change(stated[change.client_id], change)
    purposes.save_purposes(connection, stated)
    purposes.delete_preferences(connection, [key for key, held in stated.items() if not may_personalise(held)])


def _choose_change(event: Event) -> Any:
    match event:
        case EmailBounced() | EmailComplained():
            return _apply_returns
        case ConsentChanged(purposes=about) if Purpose.MAIL not in about:
            return _leave_mail_alone
        case ConsentChanged(consent=True):
            return _give_consent
        case _:
            return _withdraw_consent


def _find_latest(group: Sequence[Event]) -> dict[str, datetime]:
    latest: dict[str, datetime] = {}
    for event in group:
        latest[event.client_id] = max(event.occurred_at, latest.get(event.client_id, event.occurred_at))
    return latest


def _give_consent(connection: Connection, _policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    latest, sources = _find_latest(group), _list_sources(group)
    rows = consent.load_consent_rows(connection, latest)
    decisions = {key: decide_giving(rows[key].state, at, sources[key]) for key, at in latest.items()}
    changes = {key: change for key, change in decisions.items() if change is not None}
    consent.save_consents(connection, changes)
    return [key for key in changes if not rows[key].consent]


def _withdraw_consent(connection: Connection, _policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    latest, sources = _find_latest(group), _list_sources(group)
    rows = consent.load_consent_rows(connection, latest)
    changes = {key: decide_withdrawal(rows[key].state, at, sources[key]) for key, at in sorted(latest.items())}
    consent.save_consents(connection, changes)
    boxes: dict[str, datetime] = {}
    for event in group:
        mail = _find_mail(connection, event)
        for mailbox in {rows[event.client_id].mailbox, mail.mailbox if mail else ""}:
            boxes[mailbox] = changes[event.client_id].at
    for mailbox, at in sorted(boxes.items()):
        withdraw_mailbox(connection, mailbox, at)
    return []


def _leave_mail_alone(_connection: Connection, _policy: ShopPolicy, _group: Sequence[Event]) -> list[str]:
    return []


def _list_sources(group: Sequence[Event]) -> dict[str, str]:
    """List where each client of the group said it last."""
    return {event.client_id: find_source(event) for event in sorted(group, key=lambda event: event.occurred_at)}


def _apply_returns(connection: Connection, policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    for event in group:
        mail, present = _find_mail(connection, event, latest=True), _hash_present(connection, policy, event)
        mailbox = mail.mailbox if mail is not None and mail.mailbox else present
        mail = None if mail is None else mail._replace(mailbox=mailbox)
        if isinstance(event, EmailComplained):
            if mailbox == present:
                change = decide_withdrawal(ConsentState(consent=True), event.occurred_at, find_source(event))
                consent.save_consents(connection, {event.client_id: change})
            _apply_complaint(connection, mail, mailbox, event.occurred_at)
        elif isinstance(event, EmailBounced) and mail is not None:
            mail_states.record_bounce(connection, mail, event.hard, event.code, event.occurred_at)
        elif isinstance(event, EmailBounced) and event.hard:
            suppress_mailboxes(connection, {mailbox: (HARD_BOUNCE, event.occurred_at)})
    return []


def _apply_complaint(connection: Connection, mail: returned.SentMail | None, mailbox: str, at: datetime) -> None:
    withdraw_mailbox(connection, mailbox, at)
    if mail is None:
        suppress_mailboxes(connection, {mailbox: (COMPLAINT, at)})
    else:
        mail_states.record_complaint(connection, mail, at)


def _find_mail(connection: Connection, event: Event, *, latest: bool = False) -> returned.SentMail | None:
    """Find the mail that the event names; else, where `latest`, the last one sent before the event."""
    key = event.outreach if isinstance(event, EmailBounced | EmailComplained | ClientUnsubscribed) else None
    head, _, number = (key or "").rpartition(".")
    if head == event.client_id and number.isdigit() and len(number) < 10:
        return returned.find_sent_mail(connection, event.client_id, int(number), event.occurred_at)
    return returned.find_sent_mail(connection, event.client_id, None, event.occurred_at) if latest else None


def _hash_present(connection: Connection, policy: ShopPolicy, event: Event) -> str:
    email = consent.load_address(connection, event.client_id)
    return hash_mailbox(policy.signing_key, email, policy.fold_tags)
