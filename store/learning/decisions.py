"""Questions put to algorithms and their answers, so that each decision can be replayed and evaluated later."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, select

from models.answers import AnswerRecord
from models.base import ClientId
from models.slot_policies import parse_split
from store.clients.clients import find_existing
from store.experiments import assignments
from store.experiments.exposures import build_slot_assignment
from store.sql.bulk import dump_json, insert_ignoring, write_rows
from store.sql.records import Record
from store.sql.types import from_micros
from store.tables import decisions, questions


@dataclass(frozen=True, slots=True)
class DecisionRow(Record):
    """One decision that was used. `n`, `fix_id`: the mail or Fix that it was for."""

    id: str
    slot: str
    client_id: ClientId
    at: datetime
    question: str
    variant: str
    algorithm: str
    version: str
    propensity: float | None
    seconds: float
    answer: Any
    faults: tuple[str, ...]
    n: int | None
    fix_id: str | None


def save_decision(
    connection: Connection,
    record: AnswerRecord,
    at: datetime,
    *,
    n: int | None = None,
    fix_id: str | None = None,
    key: str = "",
    body: bytes = b"",
) -> str:
    """Save a live answer, decided at business `at`, and the question's JSON `body`; return its id.

    The same `key` is one decision (without one, the same mail or Fix at the same moment, or the same question), and the
    first answer stands. Call it in the transaction that uses the answer.
    """
    used_by = f"{n or ''}/{fix_id or ''}/{at.isoformat()}" if n or fix_id else record.question
    id_ = _digest(f"{record.slot}/{record.client_id}/{key or used_by}")
    values = _build_row(id_, record, at) | {"n": n, "fix_id": fix_id}
    insert_ignoring(connection, decisions, [values])
    if record.experiment is not None:  # what is for a mail or a box is seen once that has left
        arm = build_slot_assignment(
            record.client_id, record.slot, record.experiment, record.variant, at, exposed=n is None and fix_id is None
        )
        assignments.save_assignments(connection, [arm])
    if body and record.question:
        question_row = {"digest": record.question, "slot": record.slot, "client_id": record.client_id, "at": at}
        insert_ignoring(connection, questions, [question_row | {"body": zlib.compress(body)}])
    return id_


def save_exposures(connection: Connection, lines: Sequence[Mapping[str, Any]]) -> None:
    """Save answers that pages were given, each as `services.serving.decision_lines` writes it. Those of clients who are
    no more are left out, and those that are there already stay as they are."""
    there = find_existing(connection, {line["client_id"] for line in lines}, lock=True)
    kept = [line for line in lines if line["client_id"] in there]
    assignments.save_assignments(connection, _build_assignments(kept))
    write_rows(connection, decisions, _EXPOSURE, [_build_exposure(line) for line in kept], "keep")
    asked = {line["question"]: line for line in kept if "body" in line}
    rows = [
        (digest, line["slot"], line["client_id"], line["at"], zlib.compress(line["body"].encode()))
        for digest, line in sorted(asked.items())
    ]
    write_rows(connection, questions, ("digest", "slot", "client_id", "at", "body"), rows, "keep")


_EXPOSURE: Final = (
    "id", "slot", "role", "client_id", "at", "question", "variant", "experiment", "algorithm", "version", "propensity",
    "seconds", "answer", "faults",
)  # fmt: skip


def _build_assignments(lines: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Build the assignments of who saw an answer while a split of the slot was in force."""
    for line in lines:
        if (split := parse_split(line["experiment"])) is not None:
            at = from_micros(line["at"])
            yield build_slot_assignment(line["client_id"], line["slot"], split, line["variant"], at, exposed=True)


def _build_exposure(line: Mapping[str, Any]) -> tuple[Any, ...]:
    values = {**line, "role": "live", "answer": dump_json(line["answer"]), "faults": dump_json(line["faults"])}
    return tuple(values[name] for name in _EXPOSURE)


def save_shadows(connection: Connection, records: Iterable[AnswerRecord]) -> None:
    """Save answers of shadows; the first of each to a question stays."""
    rows = [
        _build_row(_digest(f"shadow/{record.variant}/{record.question}"), record, record.asked_at) for record in records
    ]
    insert_ignoring(connection, decisions, list({row["id"]: row for row in rows}.values()))


def load_question(connection: Connection, digest: str) -> bytes | None:
    """Load the question's JSON; None once it is purged."""
    body = connection.scalar(select(questions.c.body).where(questions.c.digest == digest))
    return None if body is None else zlib.decompress(body)


def parse_question(body: bytes) -> Any:
    """Parse a question from the stored column `body`."""
    return orjson.loads(zlib.decompress(body))


def load_client_decisions(connection: Connection, client_id: ClientId, limit: int = 50) -> list[DecisionRow]:
    """Load a client's decisions that were used, latest first."""
    d = decisions.c
    query = select(*DecisionRow.list_columns(decisions)).where(d.client_id == client_id, d.role == "live")
    return [DecisionRow.from_row(row) for row in connection.execute(query.order_by(d.at.desc()).limit(limit))]


def find_decision(connection: Connection, id_: str) -> DecisionRow | None:
    """Find one decision that was used; None where there is none of this id."""
    d = decisions.c
    row = connection.execute(select(*DecisionRow.list_columns(decisions)).where(d.id == id_, d.role == "live")).first()
    return None if row is None else DecisionRow.from_row(row)


def purge_old(connection: Connection, before: datetime, slots: Iterable[str], most: int = 1_000) -> int:
    """Delete questions and answers of shadows from before business `before`, `most` of each at once, and return how
    many. Live answers stay, except page orders: there is one for each page view, and they have been learnt from.
    `slots`: all there are, so that an index finds the few rows to delete."""
    old = select(questions.c.digest).where(questions.c.at < before).limit(most)
    count = connection.execute(delete(questions).where(questions.c.digest.in_(old))).rowcount
    d = decisions.c
    passing = [(d.slot == "session") & (d.role == "live"), *((d.slot == slot) & (d.role == "shadow") for slot in slots)]
    for condition in passing:
        answers = select(d.id).where(condition, d.at < before).limit(most)
        count += connection.execute(delete(decisions).where(d.id.in_(answers))).rowcount
    return count


def _build_row(id_: str, record: AnswerRecord, at: datetime) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"asked_at"}) | {"id": id_, "at": at}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
