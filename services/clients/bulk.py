"""Pause, tag and export many clients at once; each change is on record for each client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.lifecycle import Command
from models.states import Overdue
from services.clients.selection import ClientSelection, iterate_selected, split_batches
from services.clients.steering import ACTIONS, apply_commands
from services.csv_lines import format_line
from store import clock as stored_clock
from store.activity import list_changed_clients, write_activities, write_activity
from store.clients import clients
from store.clients.client_changes import note_changes
from store.clients.clients import ClientValues
from store.clients.lists import ClientSummary
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.privacy.erasure import explain_erasure

MOST_TAGS: Final = 50
COLUMNS: Final = (
    *("client_id", "first_name", "email", "consent", "phase", "score", "orders", "orders_value", "last_order_at"),
    *("signed_up_at", "next_mail_at"),
)


@dataclass(frozen=True)
class BulkResult:
    """What became of an act on many clients: how many were changed or had it already, and who was left, and why.
    `held_out`: who was enrolled to be compared with, and gets no mail."""

    done: int = 0
    held_out: int = 0
    left: dict[ClientId, str] = field(default_factory=dict)


def steer_clients(
    engine: Engine, actor: Actor, signing_key: str, ids: Sequence[ClientId], command: Command
) -> BulkResult:
    """Pause or resume the mail of many clients. One who is being erased is left. Raises NotAllowed."""
    permissions.require(actor, ACTIONS[command.kind])
    left: dict[ClientId, str] = {}
    for batch in split_batches(ids):
        with write_transaction(engine) as connection:
            clock = stored_clock.load_clock(connection)
            for client_id in batch:
                if refusal := _find_refusal(connection, signing_key, client_id):
                    left[client_id] = refusal
                else:
                    apply_commands(connection, actor, client_id, [command], clock)
            outbox.push_nudges(connection, "client", [one for one in batch if one not in left], command.at)
    return BulkResult(len(ids) - len(left), left=left)


def _find_refusal(connection: Connection, signing_key: str, client_id: ClientId) -> str:
    if erased := explain_erasure(connection, signing_key, client_id):
        return erased
    return "" if clients.lock_client(connection, client_id) else "no client has this id"


def tag_clients(
    engine: Engine, actor: Actor, ids: Sequence[ClientId], tag: str, now: datetime, real_now: datetime
) -> BulkResult:
    """Give many clients a tag. Raises NotAllowed, and BadInput naming `tag`."""
    permissions.require(actor, Action.TAG_CLIENT)
    tag = " ".join(tag.split())
    if not 0 < len(tag) <= 64 or not tag.isprintable():
        raise BadInput("give a word of at most 64 letters", "tag")
    left: dict[ClientId, str] = {}
    for batch in split_batches(ids):
        with write_transaction(engine) as connection:
            _tag(connection, actor, batch, tag, now, real_now, left)
    return BulkResult(len(ids) - len(left), left=left)


def undo_pause(engine: Engine, actor: Actor, signing_key: str, paused_at: datetime, real_now: datetime) -> BulkResult:
    """Undo a pause of many: resume those whom this very act of the actor paused, and nobody who was paused before.
    Raises NotAllowed."""
    permissions.require(actor, Action.RESUME_CLIENT)
    ids = _list_changed(engine, actor, Action.PAUSE_CLIENT, paused_at)
    return steer_clients(engine, actor, signing_key, ids, Command(kind="resume", overdue=Overdue.REPLAN, at=real_now))


def undo_tag(
    engine: Engine, actor: Actor, tag: str, tagged_at: datetime, now: datetime, real_now: datetime
) -> BulkResult:
    """Take a tag from those to whom this very act of the actor gave it. Raises NotAllowed."""
    permissions.require(actor, Action.TAG_CLIENT)
    ids, undone = _list_changed(engine, actor, Action.TAG_CLIENT, tagged_at), 0
    for batch in split_batches(ids):
        with write_transaction(engine) as connection:
            stored = clients.load_values(connection, batch)
            changed = {
                key: row._replace(tags=tuple(one for one in row.tags if one != tag))
                for key, row in stored.items()
                if tag in row.tags
            }
            _save_tags(connection, actor, changed, -1, now, real_now)
            undone += len(changed)
    return BulkResult(undone)


def _list_changed(engine: Engine, actor: Actor, action: Action, real_at: datetime) -> list[ClientId]:
    with read_transaction(engine) as connection:
        return list_changed_clients(connection, action, actor.who, real_at)


def _tag(
    connection: Connection,
    actor: Actor,
    ids: Sequence[ClientId],
    tag: str,
    now: datetime,
    real_now: datetime,
    left: dict[ClientId, str],
) -> None:
    stored = clients.load_values(connection, ids)
    left.update({client_id: "no client has this id" for client_id in ids if client_id not in stored})
    without = {key: row for key, row in stored.items() if tag not in row.tags}
    full = {key for key, row in without.items() if len(row.tags) >= MOST_TAGS}
    left.update(dict.fromkeys(full, f"has {MOST_TAGS} tags already"))
    changed = {key: row._replace(tags=(*row.tags, tag)) for key, row in without.items() if key not in full}
    _save_tags(connection, actor, changed, 1, now, real_now)


def _save_tags(
    connection: Connection,
    actor: Actor,
    changed: Mapping[ClientId, ClientValues],
    more: int,
    now: datetime,
    real_now: datetime,
) -> None:
    if not changed:
        return
    clients.save_values(connection, changed.values())
    note_changes(connection, changed)
    data: dict[str, Any] = {"tags": more}
    subjects = [(Subject(kind=SubjectKind.CLIENT, id=key), data) for key in changed]
    write_activities(connection, actor, Action.TAG_CLIENT, subjects, now, real_now)


def export_list(
    engine: Engine, actor: Actor, chosen: ClientSelection, now: datetime, real_now: datetime
) -> Iterator[str]:
    """Yield a list of clients as CSV, header first; cells that a spreadsheet would compute are made text. The export is
    on record before its first line. Raises NotAllowed."""
    permissions.require(actor, Action.EXPORT_LIST)
    with write_transaction(engine) as connection:
        data = {"all": chosen.everyone, "picked": len(chosen.ids)}
        subject = Subject(kind=SubjectKind.DATA, id="clients")
        write_activity(connection, actor, Action.EXPORT_LIST, subject, now, real_now, data)
    return _write_lines(engine, chosen, now)


def _write_lines(engine: Engine, chosen: ClientSelection, now: datetime) -> Iterator[str]:
    yield format_line(COLUMNS)
    for batch in iterate_selected(engine, chosen, now):
        yield "".join(format_line(_list_cells(client)) for client in batch)


def _list_cells(client: ClientSummary) -> tuple[object, ...]:
    moments = (client.last_order_at, client.signed_up_at, client.next_touch_at)
    last, signed_up, following = (at.isoformat(timespec="seconds") if at else None for at in moments)
    return (
        client.client_id,
        client.first_name,
        client.email,
        "yes" if client.consent else "no",
        str(client.phase or "new"),
        None if client.score is None else round(client.score, 1),
        client.orders or 0,
        f"{(client.orders_value_cents or 0) / 100:.2f}",
        last,
        signed_up,
        following,
    )
