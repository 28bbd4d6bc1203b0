"""Calls of language models, saved before and after each; what was said in them; and what they have cost together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from models.base import ClientId
from models.model_call import CallRecord, ModelCall, ModelUsage, Transcript
from store.sql.bulk import insert_ignoring
from store.tables import model_calls, model_spend, model_transcripts

DAY: Final = timedelta(days=1)
OPEN: Final = "open"
"""The verdict of a call that is under way, or whose process died in it; its cost is the estimate."""


def begin_call(connection: Connection, call: ModelCall) -> int:
    """Save a call that is about to be made, at its estimated cost, and return its key."""
    row = call.model_copy(update={"verdict": OPEN}).model_dump()
    return int(connection.execute(insert(model_calls).values(**row).returning(model_calls.c.id)).scalar_one())


def end_call(connection: Connection, call: ModelCall) -> ModelUsage | None:
    """Save what became of a call, and return the estimate that it was saved with. None: it is gone, as when its client
    was erased meanwhile, or has ended before."""
    c = model_calls.c
    open_row = select(c.tokens_in, c.tokens_out, c.cost_micros).where(c.id == call.key, c.verdict == OPEN)
    row = connection.execute(open_row.with_for_update()).one_or_none()
    if row is None:
        return None
    connection.execute(update(model_calls).where(c.id == call.key).values(**call.model_dump()))
    return ModelUsage(calls=1, tokens=row.tokens_in + row.tokens_out, micros=row.cost_micros)


def save_transcript(connection: Connection, call: ModelCall, said: Transcript) -> None:
    """Save what was said in a call."""
    about = {"call_id": call.key, "client_id": call.client_id, "at": call.at}
    connection.execute(insert(model_transcripts).values(**about, **said.model_dump(mode="json")))


def add_spend(connection: Connection, scope: str, key: str, cost: ModelUsage) -> ModelUsage:
    """Add to a counter, and return what it stands at. The row is locked from here to the end of the transaction."""
    spend = model_spend.c
    insert_ignoring(connection, model_spend, [{"scope": scope, "key": key, "calls": 0, "tokens": 0, "micros": 0}])
    sums = {"calls": spend.calls + cost.calls, "tokens": spend.tokens + cost.tokens}
    own = (spend.scope == scope) & (spend.key == key)
    connection.execute(update(model_spend).where(own).values(**sums, micros=spend.micros + cost.micros))
    return load_spend(connection, scope, key)


def load_spend(connection: Connection, scope: str, key: str) -> ModelUsage:
    """Load what a counter stands at; nothing where it was never added to."""
    spend = model_spend.c
    query = select(spend.calls, spend.tokens, spend.micros).where(spend.scope == scope, spend.key == key)
    row = connection.execute(query).one_or_none()
    return ModelUsage() if row is None else ModelUsage(calls=row.calls, tokens=row.tokens, micros=row.micros)


WENT_WELL: Final = frozenset({"ok", "mended"})
"""Verdicts of calls whose answer was used."""


def find_repeated_failure(connection: Connection, calls: int = 5) -> str:
    """Find the code with which all of the latest calls failed; empty if one of them went well or they differ."""
    ended = select(model_calls.c.verdict).where(model_calls.c.verdict != OPEN)
    latest = connection.scalars(ended.order_by(model_calls.c.id.desc()).limit(calls)).all()
    return latest[0] if len(latest) == calls and len(set(latest)) == 1 and latest[0] not in WENT_WELL else ""


def load_spent_today(connection: Connection, client_id: ClientId, now: datetime) -> ModelUsage:
    """Load what the client's mail has cost in the 24 hours of business time before `now`, calls under way included.

    A day that slides has no midnight at which a client's allowance could be used twice.
    """
    c = model_calls.c
    tokens, micros = func.sum(c.tokens_in + c.tokens_out), func.sum(c.cost_micros)
    query = select(func.count(), func.coalesce(tokens, 0), func.coalesce(micros, 0))
    row = connection.execute(query.where(c.client_id == client_id, c.at > now - DAY)).one()
    return ModelUsage(calls=int(row[0]), tokens=int(row[1]), micros=int(row[2]))


def list_mail_calls(connection: Connection, client_id: ClientId, n: int) -> list[CallRecord]:
    """List the calls that were made for a mail, the first made first, with what was said where that is still kept."""
    said = model_transcripts.c
    query = (
        select(*model_calls.c, said.parameters, said.messages, said.answer, said.faults)
        .outerjoin(model_transcripts, model_transcripts.c.call_id == model_calls.c.id)
        .where(model_calls.c.client_id == client_id, model_calls.c.n == n)
        .order_by(model_calls.c.id)
    )
    return [_parse_call(dict(row._mapping)) for row in connection.execute(query)]


def _parse_call(row: dict[str, Any]) -> CallRecord:
    said = {name: row.pop(name) for name in Transcript.model_fields}
    kept = said["messages"] is not None
    return CallRecord(**{**row, "key": row.pop("id")}, transcript=Transcript(**said) if kept else None)


def delete_old_transcripts(connection: Connection, before: datetime) -> int:
    """Delete what was said in calls before a moment, and return in how many."""
    return connection.execute(delete(model_transcripts).where(model_transcripts.c.at < before)).rowcount
