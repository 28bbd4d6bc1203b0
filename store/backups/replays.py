"""Put into a restored store what the register knows of the time since: who was erased, who wants no mail, which mails
went. A mail of which nobody can say whether it went becomes `unknown`, and is not sent again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from domain.outreach import IN_TURN, RETURNED, SETTLED
from models.states import OutreachState
from store.backups.register_rows import MAIL, MAIL_TIMES
from store.mail.suppressions import hash_client_id, lift_suppression, suppress_mailboxes
from store.mail.withdrawals import find_withdrawals, withdraw_mailboxes
from store.sql.bulk import insert_ignoring
from store.tables import clients, outreach_steps, outreaches, sign_ins, standings, tombstones

RESTORED: Final = "restored"
"""The code of a mail that may have gone before the store was lost, and of what the register alone knows."""


def list_clients_by_hash(connection: Connection, signing_key: str, hashes: Iterable[str]) -> dict[str, str]:
    """List the ids of the clients whose keyed hash is one of `hashes`: hash -> id."""
    wanted = set(hashes)
    if not wanted:
        return {}
    hashed = ((hash_client_id(signing_key, c), c) for c in connection.scalars(select(clients.c.client_id)))
    return {key: client_id for key, client_id in hashed if key in wanted}


def refuse_erased(connection: Connection, hashes: Mapping[str, datetime]) -> None:
    """Refuse ids that were erased: keyed hash -> when."""
    rows = [{"client_hash": key, "at": at, "erased_at": at} for key, at in sorted(hashes.items())]
    if rows:
        insert_ignoring(connection, tombstones, rows)


def end_sign_ins(connection: Connection) -> None:
    """End every sign-in: some were ended after the backup."""
    connection.execute(delete(sign_ins))


def replay_refusals(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> int:
    """Withdraw and suppress what was since, and return how many mailboxes."""
    withdrawn: dict[str, datetime] = {}
    suppressed: dict[str, tuple[str, datetime]] = {}
    lifted: dict[str, datetime] = {}
    for entry in entries:
        at = datetime.fromisoformat(entry["at"])
        if entry["kind"] == "withdrawn":
            withdrawn[entry["key"]] = at
        elif entry["lifted_at"]:
            lifted[entry["key"]] = datetime.fromisoformat(entry["lifted_at"])
            suppressed[entry["key"]] = entry["reason"], at
        else:
            lifted.pop(entry["key"], None)
            suppressed[entry["key"]] = entry["reason"], at
    known = find_withdrawals(connection, withdrawn)
    withdraw_mailboxes(connection, {key: at for key, at in withdrawn.items() if known.get(key) != at})
    suppress_mailboxes(connection, suppressed)
    for key, at in lifted.items():
        lift_suppression(connection, key, at, by="", note="restored")
    return len(withdrawn) + len(suppressed)


def replay_mails(connection: Connection, mails: Iterable[tuple[str, Mapping[str, Any]]], now: datetime) -> int:
    """Bring the ledger to where the register knows each mail: client and entry; return how many rows changed."""
    changed = 0
    for client_id, entry in mails:
        of_mail = (outreaches.c.client_id == client_id) & (outreaches.c.n == entry["n"])
        state = connection.scalar(select(outreaches.c.state).where(of_mail))
        known = OutreachState(entry["state"])
        if state is None:
            _add(connection, client_id, entry, known, now)
        elif known in SETTLED and (state not in SETTLED or (known in RETURNED and state != known)):
            values = {"state": known, "code": entry["code"], "mailbox": entry["mailbox"], "updated_at": now}
            connection.execute(update(outreaches).where(of_mail).values(sent_at=_read(entry["sent_at"]), **values))
            _add_step(connection, client_id, entry["n"], known, now)
        else:
            continue
        changed += 1
    return changed


def _add(connection: Connection, client_id: str, entry: Mapping[str, Any], known: OutreachState, now: datetime) -> None:
    """Add a mail that was begun after the backup; one that had not settled may have gone."""
    values = {name: entry[name if name != "kind" else "mail_kind"] for name in MAIL}
    values |= {name: _read(entry[name]) for name in MAIL_TIMES}
    if known not in SETTLED:
        values |= {"state": OutreachState.UNKNOWN, "code": RESTORED}
    row = {"client_id": client_id, "assessment_id": RESTORED, "score": 0.0, "updated_at": now, **values}
    insert_ignoring(connection, outreaches, [row])
    _add_step(connection, client_id, entry["n"], OutreachState(values["state"]), now)
    following = entry["n"] + 1
    behind = (standings.c.client_id == client_id) & (standings.c.next_n < following)
    connection.execute(update(standings).where(behind).values(next_n=following))


def close_doubtful(connection: Connection, due: datetime, now: datetime, *, all_open: bool) -> int:
    """Mark as unknown each open mail that may have gone before the store was lost: due by `due`, or without a time yet.
    `all_open`: those that waited for a person or a resume as well. Return how many."""
    open_states = set(OutreachState) - SETTLED if all_open else IN_TURN
    o = outreaches.c
    may_have_gone = o.state.in_(sorted(open_states)), or_(o.send_at.is_(None), o.send_at <= due)
    rows = connection.execute(select(o.client_id, o.n).where(*may_have_gone).with_for_update()).all()
    for row in rows:
        of_mail = (o.client_id == row.client_id) & (o.n == row.n)
        values = {"state": OutreachState.UNKNOWN, "code": RESTORED, "updated_at": now}
        connection.execute(update(outreaches).where(of_mail).values(**values))
        _add_step(connection, row.client_id, row.n, OutreachState.UNKNOWN, now)
    return len(rows)


def _add_step(connection: Connection, client_id: str, n: int, state: OutreachState, now: datetime) -> None:
    step = {"client_id": client_id, "n": n, "at": now, "state": state, "code": RESTORED}
    connection.execute(insert(outreach_steps).values(step))


def _read(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
