"""Take in returns, whichever way they came: each once, about the mail that it names, with all that follows from it.

Many share one transaction and, in each table, one statement: a commit for each would cost more than all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.outreach import build_outreach_key
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.events import ClientUnsubscribed, EmailBounced, EmailComplained, Event
from models.returns import ReturnKind, ReturnOutcome, ReturnReading, ReturnWay, TakenReturn
from services import metrics
from services.ingestion.intake import accept_events
from services.returns import mail_states
from services.returns.mail_states import BouncedMail
from store.activity import write_activities
from store.campaigns import under_way
from store.clients.clients import find_existing
from store.database import write_transaction
from store.events import outbox
from store.mail import mailboxes, returned, withdrawals
from store.mail import returns as stored_returns
from store.mail.policy import ShopPolicy
from store.mail.returned import SentMail
from store.mail.returns import ReadReturn

_ASKS_NOTHING = frozenset({ReturnKind.DELAYED, ReturnKind.ANSWER, ReturnKind.NOTICE, ReturnKind.NOT_SPAM})
_LEAVES = frozenset({ReturnKind.OPT_OUT, ReturnKind.COMPLAINT})


class ReturnArrival(NamedTuple):
    """A return as it came: what was read of it, and its text, which is kept for a person when it names no mail of
    ours."""

    reading: ReturnReading
    raw: bytes = b""


class _Return(NamedTuple):
    """A return about a mail that the ledger knows. It is about the first such mail that it names."""

    reading: ReturnReading
    mail: SentMail


def take_returns(
    engine: Engine,
    actor: Actor,
    policy: ShopPolicy,
    batch: Sequence[ReturnArrival],
    way: ReturnWay,
    now: datetime,
    real_now: datetime,
) -> list[TakenReturn]:
    """Take in returns in one transaction, all or none; one that was read before changes nothing.

    Args: `now` is business time; `real_now` stamps nudges and the log.

    Raises NotAllowed.
    """
    permissions.require(actor, Action.TAKE_RETURN)
    with write_transaction(engine) as connection:
        mails = _find_mails(connection, batch)
        saved = [
            ReadReturn(one.reading, mail.client_id if mail else None, mail.n if mail else None)
            for one, mail in zip(batch, mails, strict=True)
        ]
        outcomes = _choose_outcomes(batch, mails, stored_returns.save_returns(connection, saved, way, now))
        _keep_texts(connection, batch, outcomes, now)
        applied = [
            _Return(one.reading, mail)
            for one, mail, outcome in zip(batch, mails, outcomes, strict=True)
            if outcome is ReturnOutcome.APPLIED and mail is not None
        ]
        _apply(connection, policy, applied, now, real_now)
        _record(connection, actor, applied, now, real_now)
        _nudge_campaigns(connection, applied, real_now)
    return _tell(batch, mails, outcomes)


def _find_mails(connection: Connection, batch: Sequence[ReturnArrival]) -> list[SentMail | None]:
    found = returned.find_named_mails(connection, {key for one in batch for key in one.reading.message_ids})
    return [next((found[key] for key in one.reading.message_ids if key in found), None) for one in batch]


def _choose_outcomes(
    batch: Sequence[ReturnArrival], mails: Sequence[SentMail | None], new: set[str]
) -> list[ReturnOutcome]:
    outcomes, waiting = [], set(new)
    for one, mail in zip(batch, mails, strict=True):
        if one.reading.report_id not in waiting:
            outcomes.append(ReturnOutcome.REPEATED)
            continue
        waiting.remove(one.reading.report_id)  # whatever says the same further on is a repetition
        if one.reading.kind in _ASKS_NOTHING:
            outcomes.append(ReturnOutcome.NOTED)
        elif mail is None or one.reading.kind is ReturnKind.UNREADABLE:
            outcomes.append(ReturnOutcome.KEPT)
        else:
            outcomes.append(ReturnOutcome.APPLIED)
    return outcomes


def _keep_texts(
    connection: Connection, batch: Sequence[ReturnArrival], outcomes: list[ReturnOutcome], now: datetime
) -> None:
    """Keep what a person is to read; what there is no room for becomes `dropped`."""
    kept = [k for k, outcome in enumerate(outcomes) if outcome is ReturnOutcome.KEPT]
    if not kept:
        return
    texts = {batch[k].reading.report_id: batch[k].raw.decode("utf-8", "replace") for k in kept}
    roomy = stored_returns.keep_texts(connection, texts, now)
    for k in kept:
        if batch[k].reading.report_id not in roomy:
            outcomes[k] = ReturnOutcome.DROPPED
    metrics.returns_kept.set(stored_returns.count_kept(connection))


def _apply(
    connection: Connection, policy: ShopPolicy, batch: Sequence[_Return], now: datetime, real_now: datetime
) -> None:
    """Apply what returns say to the mails and their mailboxes, and keep the events in the clients' histories."""
    if not batch:
        return
    client_ids = {one.mail.client_id for one in batch}
    # All clients, then all mailboxes, each in one order: two batches, or a batch and a send gate, never wait for each
    # other.
    find_existing(connection, client_ids, lock=True)
    leaving = [mail for reading, mail in batch if reading.kind in _LEAVES]
    mailboxes.lock_mailboxes(connection, {box for mail in leaving for box in (mail.mailbox, mail.present)})
    moved, others = _split_moved(batch)
    accept_events(connection, [_build_event(one, now) for one in others], policy, now, real_now)
    _record_nameless(connection, others, now)
    # Whoever reads that address now speaks for it, not for the client, who has another one.
    withdrawals.withdraw_mailboxes(connection, {one.mail.mailbox: now for one in moved})
    outbox.push_nudges(connection, "client", {one.mail.client_id for one in others}, real_now)


def _split_moved(batch: Sequence[_Return]) -> tuple[list[_Return], list[_Return]]:
    """Split off opt-outs from mailboxes that their clients have left; of the rest bounces and complaints come first,
    since opt-outs can wait for them and then share their statements."""
    moved, opt_outs, others = [], list[_Return](), list[_Return]()
    for one in batch:
        if one.reading.kind is not ReturnKind.OPT_OUT:
            others.append(one)
        elif one.mail.present != one.mail.mailbox:
            moved.append(one)
        else:
            opt_outs.append(one)
    return moved, others + opt_outs


def _build_event(one: _Return, now: datetime) -> Event:
    fields = {
        "event_id": f"return.{one.reading.report_id[:40]}",
        "client_id": one.mail.client_id,
        "occurred_at": now,
        "outreach": build_outreach_key(one.mail.client_id, one.mail.n),
    }
    match one.reading.kind:
        case ReturnKind.FAILED:
            return EmailBounced.model_validate(fields | {"hard": one.reading.hard, "code": one.reading.code})
        case ReturnKind.COMPLAINT:
            return EmailComplained.model_validate(fields)
        case _:
            return ClientUnsubscribed.model_validate(fields)


def _record_nameless(connection: Connection, batch: Sequence[_Return], now: datetime) -> None:
    """Record what the events cannot, since they do not name the mails of clients with very long ids."""
    for reading, mail in batch:
        if build_outreach_key(mail.client_id, mail.n) is not None:
            continue
        if reading.kind is ReturnKind.FAILED:
            mail_states.record_bounces(connection, [BouncedMail(mail, reading.hard, reading.code, now)])
        elif reading.kind is ReturnKind.COMPLAINT:
            mail_states.record_complaints(connection, [(mail, now)])


def _nudge_campaigns(connection: Connection, batch: Sequence[_Return], real_now: datetime) -> None:
    """Have the campaigns of these mails look at their guardrails."""
    slugs = under_way.find_campaigns(connection, [(mail.client_id, mail.n) for _, mail in batch])
    outbox.push_nudges(connection, "campaign", slugs, real_now)


def _record(connection: Connection, actor: Actor, batch: Sequence[_Return], now: datetime, real_now: datetime) -> None:
    changes = [
        (
            Subject(kind=SubjectKind.MAIL, id=f"{mail.client_id}/{mail.n}", client_id=mail.client_id),
            {"kind": reading.kind, "hard": reading.hard, "code": reading.code},
        )
        for reading, mail in batch
    ]
    write_activities(connection, actor, Action.TAKE_RETURN, changes, now, real_now)


def _tell(
    batch: Sequence[ReturnArrival], mails: Sequence[SentMail | None], outcomes: Sequence[ReturnOutcome]
) -> list[TakenReturn]:
    taken = []
    for one, mail, outcome in zip(batch, mails, outcomes, strict=True):
        metrics.returns.labels(kind=one.reading.kind, outcome=outcome).inc()
        named = {"client_id": mail.client_id, "n": mail.n, "mailbox": mail.mailbox} if mail else {}
        taken.append(TakenReturn.model_validate({"outcome": outcome, "kind": one.reading.kind, **named}))
    return taken
