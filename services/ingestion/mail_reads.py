"""Judge who opened mails and followed their links: each new read may change what earlier ones of the mail are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from domain.mail_reads import MACHINE_FROM, compute_machine_chances, is_declared
from models.events import EmailClicked, EmailOpened, Event, ReadSign
from models.webhooks import Announcement, WebhookType
from store.mail.mail_reads import (
    MailKey,
    StoredRead,
    build_read,
    load_reads,
    load_sent_facts,
    parse_key,
    save_reads,
)
from store.webhooks.announcements import push_messages

_TYPES: Final = frozenset({"email_opened", "email_clicked"})  # quicker to ask for than the class of each event


class JudgedRead(NamedTuple):
    """One open or click as it is stored now, and whether it counted for nobody before; None for a new one."""

    client_id: str
    read: StoredRead
    was_machine: bool | None


def name_signs(event: Event) -> Event:
    """Return the event with what the sender says of the reader among its signs: later reads may not overrule it."""
    if event.type not in _TYPES or not isinstance(event, EmailOpened | EmailClicked):
        return event
    if event.machine:
        return event.model_copy(update={"signs": tuple(sorted({*event.signs, ReadSign.SAID}))})
    return event.model_copy(update={"machine": True}) if is_declared(event.signs) else event


def judge_reads(connection: Connection, fresh: Iterable[Event]) -> list[JudgedRead]:
    """Judge the reads of the mails that these stored events tell of, save what changed, and return the new ones and
    those that turned. An event that names no mail of ours keeps what its sender said."""
    told = [event for event in fresh if event.type in _TYPES]
    new = {event.event_id for event in told if isinstance(event, EmailOpened | EmailClicked) and event.outreach}
    keys = {key for event in told if event.event_id in new and (key := _find_key(event)) is not None}
    if not keys:
        return []
    facts = load_sent_facts(connection, keys)
    judged: list[JudgedRead] = []
    changed: list[tuple[str, dict[str, Any]]] = []
    for key, reads in load_reads(connection, facts).items():
        chances = _compute_chances(facts[key].sent_at, facts[key].links, reads)
        for read in reads:
            data = {**read.data, "chance": chances[read.event_id], "machine": chances[read.event_id] >= MACHINE_FROM}
            if data != read.data:
                changed.append((read.event_id, data))
            if read.event_id in new or data["machine"] != read.by_machine:
                was = None if read.event_id in new else read.by_machine
                judged.append(JudgedRead(key.client_id, read._replace(data=data), was))
    save_reads(connection, changed)
    return judged


def _find_key(event: Event) -> MailKey | None:
    key = parse_key(event.outreach or "") if isinstance(event, EmailOpened | EmailClicked) else None
    return key if key is not None and key.client_id == event.client_id else None


def _compute_chances(sent_at: Any, links: int, reads: Sequence[StoredRead]) -> dict[str, float]:
    mail = [build_read(read, sent_at) for read in reads]
    return compute_machine_chances(mail, timed=sent_at is not None, links=links)


def list_turned(judged: Collection[JudgedRead]) -> list[JudgedRead]:
    """List the earlier reads that turned from a person's to a machine's, or back."""
    return [one for one in judged if one.was_machine is not None]


def tell_clicks(connection: Connection, judged: Collection[JudgedRead]) -> None:
    """Tell endpoints of each new click of a person in a mail of ours. One of a machine tells nothing of the client."""
    happenings = []
    for client_id, read, was_machine in judged:
        key = parse_key(str(read.data.get("outreach") or ""))
        if read.type == "email_clicked" and was_machine is None and not read.by_machine and key is not None:
            told = {"event_id": read.event_id, "item_id": read.item_id}
            happenings.append(Announcement(WebhookType.MAIL_CLICKED, read.occurred_at, told, client_id, key.n))
    push_messages(connection, happenings)
