"""What a client asks by a link in a mail: to leave the list, to stay after all."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.consent import find_source
from domain.mail_consent import ConsentChange, StayFacts, StayOutcome, decide_stay, stamp_link_use, stamp_stay
from domain.outreach import build_outreach_key
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.events import ClientUnsubscribed, ConsentChanged, Event
from services.ingestion.intake import accept_events
from store.activity import write_activity
from store.clients import consent
from store.clients.consent import ConsentRow
from store.database import write_transaction
from store.mail import returned, suppressions, withdrawals
from store.mail.mailbox_fill import fill_missing
from store.mail.policy import ShopPolicy
from store.mail.withdrawals import Withdrawal


def leave_list(
    engine: Engine, actor: Actor, policy: ShopPolicy, client_id: ClientId, n: int, now: datetime, real_now: datetime
) -> set[str]:
    """Withdraw consent by a link in mail `n`, and return the mailboxes that are not to be mailed any more. Raises
    NotAllowed."""
    permissions.require(actor, Action.LEAVE_LIST)
    with write_transaction(engine) as connection:
        if withdraw_consent(connection, client_id, n, now, real_now, policy):
            subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
            write_activity(connection, actor, Action.LEAVE_LIST, subject, now, real_now, {"n": n})
        return list_leaving_mailboxes(connection, client_id, n, now)


def stay_on_list(
    engine: Engine, actor: Actor, policy: ShopPolicy, client_id: ClientId, n: int, now: datetime, real_now: datetime
) -> StayOutcome:
    """Undo the withdrawal that the link in mail `n` made, if it was the last one and is not long ago. Raises
    NotAllowed."""
    permissions.require(actor, Action.STAY_ON_LIST)
    with write_transaction(engine) as connection:
        outcome, undone = restore_consent(connection, client_id, n, now, real_now, policy)
        if undone:
            subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
            write_activity(connection, actor, Action.STAY_ON_LIST, subject, now, real_now, {"n": n})
        return outcome


def withdraw_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> bool:
    """Withdraw consent, by a link in mail `n`, at business time `at`, for the client, their mailbox and the one to
    which that mail went; return whether there was anything to withdraw.

    Idempotent. It holds even against a consent that a faster clock has stamped later. Must run in a transaction that
    writes.
    """
    fill_missing(connection, policy, [client_id])
    row = consent.lock_consent(connection, client_id)
    if row is None or (not row.consent and consent.is_withdrawn(connection, client_id)):
        return False
    before = withdrawals.find_withdrawal(connection, row.mailbox)
    at = stamp_link_use(row.state, at)
    event = ClientUnsubscribed(
        event_id=_build_event_id("left", n, row, before),
        client_id=client_id,
        occurred_at=at,
        outreach=build_outreach_key(client_id, n),
    )
    _save_event(connection, event, False, policy, real_now)
    for mailbox in _list_mailboxes(connection, n, row, at):
        withdrawals.mark_link(connection, mailbox, _build_link_key(client_id, n))
    return True


def restore_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> tuple[StayOutcome, bool]:
    """Undo the withdrawal that the link in mail `n` made; return what became of the wish, and whether anything was
    undone."""
    row = consent.lock_consent(connection, client_id)
    if row is None:
        return StayOutcome.OTHER, False
    last = withdrawals.find_withdrawal(connection, row.mailbox)
    facts = _load_stay_facts(connection, policy, n, row, last)
    outcome = decide_stay(facts, at)
    if outcome is not StayOutcome.BACK or facts.is_on_list or last is None:
        return outcome, False
    later = stamp_stay(at, last.at, row.consent_at)
    event_id = _build_event_id("stayed", n, row, last)
    event = ConsentChanged(event_id=event_id, client_id=client_id, occurred_at=later, consent=True, source="stay")
    _save_event(connection, event, True, policy, real_now)
    for mailbox in _list_mailboxes(connection, n, row, at):
        made = withdrawals.find_withdrawal(connection, mailbox)
        if made is not None and made.link == last.link:
            withdrawals.undo_withdrawal(connection, made)
    return outcome, True


def list_leaving_mailboxes(connection: Connection, client_id: ClientId, n: int, now: datetime) -> set[str]:
    """List the mailboxes that a link in mail `n` speaks for: the client's, and the one to which that mail went."""
    row = consent.lock_consent(connection, client_id)
    return set() if row is None else _list_mailboxes(connection, n, row, now)


def _load_stay_facts(
    connection: Connection, policy: ShopPolicy, n: int, row: ConsentRow, last: Withdrawal | None
) -> StayFacts:
    address = consent.load_address(connection, row.client_id)
    keys = {row.mailbox, suppressions.hash_address(policy.signing_key, address)}
    held = suppressions.load_suppression(connection, keys)
    by_link = last is not None and last.link == _build_link_key(row.client_id, n)
    return StayFacts(
        consent=row.consent,
        withdrawn=consent.is_withdrawn(connection, row.client_id),
        suppressed=held is not None and held.lifted_at is None,
        left_at=last.at if last is not None and by_link else None,
    )


def _list_mailboxes(connection: Connection, n: int, row: ConsentRow, at: datetime) -> set[str]:
    mail = returned.find_sent_mail(connection, row.client_id, n, at)
    return {mailbox for mailbox in (row.mailbox, mail.mailbox if mail else "") if mailbox}


def _save_event(connection: Connection, event: Event, wanted: bool, policy: ShopPolicy, real_now: datetime) -> None:
    """Save the event with everything that follows from it, then make sure that the client's row agrees."""
    accept_events(connection, [event], policy, event.occurred_at, real_now)
    row = consent.lock_consent(connection, event.client_id)
    if row is not None and row.consent != wanted:
        consent.save_consents(
            connection, {event.client_id: ConsentChange(wanted, event.occurred_at, find_source(event))}
        )


def _build_event_id(word: str, n: int, row: ConsentRow, withdrawal: Withdrawal | None) -> str:
    """Build one id for one change of one consent, however often its link is used; a later change gets another."""
    since = None if withdrawal is None else withdrawal.at
    return f"{word}.{sha256(f'{word} {row.client_id}/{n} {row.consent_at} {since}'.encode()).hexdigest()[:40]}"


def _build_link_key(client_id: ClientId, n: int) -> str:
    """Build the mark of the mail whose link made a withdrawal; it names nobody."""
    return sha256(f"link {client_id}/{n}".encode()).hexdigest()[:40]
