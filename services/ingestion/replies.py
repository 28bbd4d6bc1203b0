"""Apply the events by which a reader or their server answers our mail: consent, bounces and complaints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection

from domain.consent import apply_change, find_source, may_personalise
from domain.mail_consent import ConsentState, decide_giving, decide_withdrawal
from models.consents import OTHER_PURPOSES, Purpose
from models.events import ClientUnsubscribed, ConsentChanged, EmailBounced, EmailComplained, Event
from services.returns import mail_states
from store.clients import consent, purposes
from store.mail import returned
from store.mail.mailbox_fill import fill_missing
from store.mail.mailboxes import lock_mailboxes
from store.mail.policy import ShopPolicy
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, hash_mailbox, suppress_mailboxes
from store.mail.withdrawals import withdraw_mailboxes


def apply_replies(connection: Connection, policy: ShopPolicy, replies: Sequence[Event]) -> list[str]:
    """Apply events about consent, bounces and complaints in the order in which they arrived; return the clients who
    now consent to mail and did not before, or whose word on personalisation changed. A bounce or
    complaint holds for the mailbox to which the mail went."""
    fill_missing(connection, policy, {event.client_id for event in replies})
    changes = [event for event in replies if isinstance(event, ConsentChanged)]
    consenting = dict.fromkeys(_change_purposes(connection, changes))
    for change, group in groupby(replies, key=_choose_change):
        consenting |= dict.fromkeys(change(connection, policy, list(group)))
    return list(consenting)


def _change_purposes(connection: Connection, changes: Sequence[ConsentChanged]) -> list[str]:
    """Apply what changes of consent say about other purposes than mail, in the order in which they arrived. The taste
    that was computed of a client who refuses personalisation goes. Return the clients for whom that is new."""
    about = [change for change in changes if not set(OTHER_PURPOSES).isdisjoint(change.purposes)]
    if not about:
        return []
    before = purposes.load_purposes(connection, {change.client_id for change in about})
    stated = dict(before)
    for change in about:
        stated[change.client_id] = apply_change(stated[change.client_id], change)
    purposes.save_purposes(connection, stated)
    purposes.delete_preferences(connection, [key for key, held in stated.items() if not may_personalise(held)])
    return [key for key, held in stated.items() if may_personalise(held) != may_personalise(before[key])]


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
    for event, mail in zip(group, _find_mails(connection, group), strict=True):
        for mailbox in {rows[event.client_id].mailbox, mail.mailbox if mail else ""}:
            boxes[mailbox] = changes[event.client_id].at
    withdraw_mailboxes(connection, boxes)
    return []


def _leave_mail_alone(_connection: Connection, _policy: ShopPolicy, _group: Sequence[Event]) -> list[str]:
    return []


def _list_sources(group: Sequence[Event]) -> dict[str, str]:
    """List where each client of the group said it last."""
    return {event.client_id: find_source(event) for event in sorted(group, key=lambda event: event.occurred_at)}


class _Reply(NamedTuple):
    """A bounce or complaint. `mailbox`: the one to which the mail went; `own`: it is the client's present one."""

    event: EmailBounced | EmailComplained
    mail: returned.SentMail | None
    mailbox: str
    own: bool


def _apply_returns(connection: Connection, policy: ShopPolicy, group: Sequence[Event]) -> list[str]:
    replies = _build_replies(connection, policy, group)
    lock_mailboxes(connection, [reply.mailbox for reply in replies if isinstance(reply.event, EmailComplained)])
    for turn in _split_turns(replies):
        _apply_complaints(connection, [reply for reply in turn if isinstance(reply.event, EmailComplained)])
        _apply_bounces(connection, [reply for reply in turn if isinstance(reply.event, EmailBounced)])
    return []


def _build_replies(connection: Connection, policy: ShopPolicy, group: Sequence[Event]) -> list[_Reply]:
    addresses = consent.load_addresses(connection, {event.client_id for event in group})
    present = {key: hash_mailbox(policy.signing_key, email, policy.fold_tags) for key, email in addresses.items()}
    replies = []
    for event, mail in zip(group, _find_mails(connection, group, latest=True), strict=True):
        own = present.get(event.client_id, "")
        mailbox = mail.mailbox if mail is not None and mail.mailbox else own
        if isinstance(event, EmailBounced | EmailComplained):
            left = None if mail is None else mail._replace(mailbox=mailbox)
            replies.append(_Reply(event, left, mailbox, mailbox == own))
    return replies


def _split_turns(replies: Iterable[_Reply]) -> list[list[_Reply]]:
    """Split replies so that those of one client or mailbox follow each other, and all others share a statement."""
    turns: list[list[_Reply]] = []
    last: dict[str, int] = {}
    for reply in replies:
        names = (f"client:{reply.event.client_id}", reply.mailbox)
        turn = max(last.get(name, -1) for name in names) + 1
        last |= dict.fromkeys(names, turn)
        if turn == len(turns):
            turns.append([])
        turns[turn].append(reply)
    return turns


def _apply_complaints(connection: Connection, replies: Sequence[_Reply]) -> None:
    moments = {reply.mailbox: reply.event.occurred_at for reply in replies}
    own = [reply.event for reply in replies if reply.own]
    agreed = ConsentState(consent=True)
    changes = {event.client_id: decide_withdrawal(agreed, event.occurred_at, find_source(event)) for event in own}
    consent.save_consents(connection, changes)
    withdraw_mailboxes(connection, moments)
    mail_states.record_complaints(connection, [(r.mail, r.event.occurred_at) for r in replies if r.mail is not None])
    suppress_mailboxes(connection, {r.mailbox: (COMPLAINT, moments[r.mailbox]) for r in replies if r.mail is None})


def _apply_bounces(connection: Connection, replies: Sequence[_Reply]) -> None:
    bounces, nameless = [], dict[str, tuple[str, datetime]]()
    for reply in replies:
        event = reply.event
        if not isinstance(event, EmailBounced):
            continue
        if reply.mail is not None:
            bounces.append(mail_states.BouncedMail(reply.mail, event.hard, event.code, event.occurred_at))
        elif event.hard:
            nameless[reply.mailbox] = (HARD_BOUNCE, event.occurred_at)
    mail_states.record_bounces(connection, bounces)
    suppress_mailboxes(connection, nameless)


def _find_mails(
    connection: Connection, group: Sequence[Event], *, latest: bool = False
) -> list[returned.SentMail | None]:
    """Find the mail that each event names; else, where `latest`, the last one sent before the event."""
    named = [_parse_key(event) for event in group]
    found = returned.find_sent_mails(connection, {key for key in named if key is not None})
    return [
        found.get(key)
        if key is not None
        else returned.find_sent_mail(connection, event.client_id, None, event.occurred_at)
        if latest
        else None
        for event, key in zip(group, named, strict=True)
    ]


def _parse_key(event: Event) -> tuple[str, int] | None:
    """Parse the send key of the mail that an event names, if it is one of that client's."""
    key = event.outreach if isinstance(event, EmailBounced | EmailComplained | ClientUnsubscribed) else None
    head, _, number = (key or "").rpartition(".")
    fits = head == event.client_id and number.isdigit() and len(number) < 10
    return (event.client_id, int(number)) if fits else None
