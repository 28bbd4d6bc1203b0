"""Take in one return, whichever way it came: once, about the mail that it names, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.outreach import build_outreach_key
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.events import ClientUnsubscribed, EmailBounced, EmailComplained, Event
from models.returns import ReturnKind, ReturnOutcome, ReturnReading, ReturnWay, TakenReturn
from services import metrics
from services.ingestion.intake import accept_events
from services.returns import mail_states
from store.activity import write_activity
from store.database import write_transaction
from store.events import outbox
from store.mail import mailboxes, messages, returned, withdrawals
from store.mail import returns as stored_returns
from store.mail.policy import ShopPolicy

_ASKS_NOTHING = frozenset({ReturnKind.DELAYED, ReturnKind.ANSWER, ReturnKind.NOTICE, ReturnKind.NOT_SPAM})


def take_return(
    engine: Engine,
    actor: Actor,
    policy: ShopPolicy,
    reading: ReturnReading,
    way: ReturnWay,
    now: datetime,
    real_now: datetime,
    raw: bytes = b"",
) -> TakenReturn:
    """Take in a return in one transaction; one that was read before changes nothing.

    Args:
        reading: what was read of it. It is about the first mail that it names and the ledger knows.
        now: business time. real_now: stamps nudges and the log.
        raw: its text, kept for a person when it cannot be read or names no mail of ours.

    Raises NotAllowed.
    """
    permissions.require(actor, Action.TAKE_RETURN)
    with write_transaction(engine) as connection:
        mail = _find_mail(connection, reading.message_ids, now)
        known = (mail.client_id, mail.n) if mail else None
        if not stored_returns.save_return(connection, reading, way, now, known):
            taken = TakenReturn(outcome=ReturnOutcome.REPEATED, kind=reading.kind)
        elif reading.kind in _ASKS_NOTHING:
            taken = TakenReturn(outcome=ReturnOutcome.NOTED, kind=reading.kind)
        elif mail is None or reading.kind is ReturnKind.UNREADABLE:
            text = raw.decode("utf-8", "replace")
            roomy = stored_returns.keep_text(connection, reading.report_id, text, now)
            metrics.returns_kept.set(stored_returns.count_kept(connection))
            taken = TakenReturn(outcome=ReturnOutcome.KEPT if roomy else ReturnOutcome.DROPPED, kind=reading.kind)
        else:
            _apply(connection, policy, reading, mail, now, real_now)
            taken = TakenReturn(outcome=ReturnOutcome.APPLIED, kind=reading.kind)
            _record(connection, actor, reading, mail, now, real_now)
    if mail is not None:
        taken = taken.model_copy(update={"client_id": mail.client_id, "n": mail.n, "mailbox": mail.mailbox})
    metrics.returns.labels(kind=reading.kind, outcome=taken.outcome).inc()
    return taken


def _find_mail(connection: Connection, message_ids: Iterable[str], now: datetime) -> returned.SentMail | None:
    ids = list(message_ids)
    found = messages.find_by_message_id(connection, ids)
    for message_id in ids:
        if message_id in found:
            client_id, n = found[message_id]
            return returned.find_sent_mail(connection, client_id, n, now)
    return None


def _apply(
    connection: Connection,
    policy: ShopPolicy,
    reading: ReturnReading,
    mail: returned.SentMail,
    now: datetime,
    real_now: datetime,
) -> None:
    """Apply what the return says to the mail and its mailbox, and keep the event in the client's history."""
    present = mailboxes.find_mailboxes(connection, [mail.client_id]).get(mail.client_id)
    if reading.kind is ReturnKind.OPT_OUT and present != mail.mailbox:
        # Whoever reads that address now speaks for it, not for the client, who has another one.
        withdrawals.withdraw_mailbox(connection, mail.mailbox, now)
        return
    accept_events(connection, [_build_event(reading, mail, now)], policy, now, real_now)
    # The event cannot name the mail where a client's id is very long; doing it twice changes nothing.
    if reading.kind is ReturnKind.FAILED:
        mail_states.record_bounce(connection, mail, reading.hard, reading.code, now)
    elif reading.kind is ReturnKind.COMPLAINT:
        mail_states.record_complaint(connection, mail, now)
    outbox.push_nudges(connection, "client", [mail.client_id], real_now)


def _build_event(reading: ReturnReading, mail: returned.SentMail, now: datetime) -> Event:
    fields = {
        "event_id": f"return.{reading.report_id[:40]}",
        "client_id": mail.client_id,
        "occurred_at": now,
        "outreach": build_outreach_key(mail.client_id, mail.n),
    }
    match reading.kind:
        case ReturnKind.FAILED:
            return EmailBounced.model_validate(fields | {"hard": reading.hard, "code": reading.code})
        case ReturnKind.COMPLAINT:
            return EmailComplained.model_validate(fields)
        case _:
            return ClientUnsubscribed.model_validate(fields)


def _record(
    connection: Connection,
    actor: Actor,
    reading: ReturnReading,
    mail: returned.SentMail,
    now: datetime,
    real_now: datetime,
) -> None:
    subject = Subject(kind=SubjectKind.MAIL, id=_describe(mail.client_id, mail.n), client_id=mail.client_id)
    data = {"kind": reading.kind, "hard": reading.hard, "code": reading.code}
    write_activity(connection, actor, Action.TAKE_RETURN, subject, now, real_now, data)


def _describe(client_id: ClientId, n: int) -> str:
    return f"{client_id}/{n}"
