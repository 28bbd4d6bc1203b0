"""In which arm of what somebody is, each once: flags, splits between algorithms, texts of campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, select

from domain.visit_ids import is_visit_key
from models.base import ClientId
from models.flags import FlagSlug
from store.clients.client_changes import note_changes
from store.clients.clients import find_existing
from store.sql.bulk import among, insert_ignoring, insert_into
from store.sql.records import Record
from store.sql.types import from_micros
from store.tables import assignments, exposures


class ExperimentKind(StrEnum):
    """What divides clients into arms."""

    FLAG = "flag"
    SLOT = "slot"
    """A split between algorithms."""
    CAMPAIGN = "campaign"
    """The texts of one mail of a campaign."""


@dataclass(frozen=True, slots=True)
class AssignmentRow(Record):
    """In which arm of what somebody is. `exposed_at`: when they first saw that arm; None: not yet."""

    subject: str
    kind: ExperimentKind
    experiment: str
    arm: str
    assigned_at: datetime
    kept: bool
    exposed_at: datetime | None


_a = assignments.c
_e = exposures.c
KEYS: Final = ("subject", "kind", "experiment")
IN_SAME_TEST: Final = and_(_a.subject == _e.subject, _a.kind == _e.kind, _a.experiment == _e.experiment)
"""The condition that an exposure belongs to an assignment, to whatever arm it is."""
_ASSIGNMENT: Final = select(
    _a.subject, _a.kind, _a.experiment, _a.arm, _a.assigned_at, _a.kept, _e.at.label("exposed_at")
).select_from(assignments.outerjoin(exposures, and_(IN_SAME_TEST, _a.arm == _e.arm)))


def save_assignments(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Save who is in which arm: `subject`, `kind`, `experiment`, `arm`, `at`, and whether they see it (`exposed`).

    Of each the first moment stays. Who comes into another arm, since shares changed, has that one from then on, and
    that they saw the earlier one stays on record.
    """
    given = sorted(rows, key=lambda row: (row["subject"], row["kind"], row["experiment"]))
    if not given:
        return
    insert = insert_into(connection, assignments)
    arm = insert.excluded.arm
    statement = insert.on_conflict_do_update(index_elements=list(KEYS), set_={"arm": arm}, where=_a.arm != arm)
    named = [{name: row[name] for name in (*KEYS, "arm")} for row in given]
    whole = [one | {"assigned_at": row["at"], "kept": False} for one, row in zip(named, given, strict=True)]
    connection.execute(statement, whole)
    seen = [one | {"at": row["at"]} for one, row in zip(named, given, strict=True) if row["exposed"]]
    save_seen(connection, seen)


def save_seen(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Save that arms were seen: `subject`, `kind`, `experiment`, `arm`, `at`. Of each the first time stays."""
    if rows:
        in_one_order = sorted(rows, key=lambda row: tuple(row[name] for name in (*KEYS, "arm")))  # for all writers
        connection.execute(insert_into(connection, exposures).on_conflict_do_nothing(), in_one_order)


def save_exposures(connection: Connection, lines: Iterable[Mapping[str, Any]]) -> None:
    """Save what pages showed, each as `services.serving.decision_lines` writes it. Those of clients who are no more are
    left out."""
    given = list(lines)
    clients = {line["subject"] for line in given if not is_visit_key(line["subject"])}
    there = find_existing(connection, clients, lock=True)
    save_assignments(
        connection,
        (
            {**line, "at": from_micros(line["at"]), "exposed": True}
            for line in given
            if line["subject"] in there or is_visit_key(line["subject"])
        ),
    )


def load_kept(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, dict[FlagSlug, str]]:
    """Load the arms of flags that clients kept from a visit."""
    query = select(_a.subject, _a.experiment, _a.arm).where(
        among(connection, _a.subject, client_ids), _a.kind == ExperimentKind.FLAG, _a.kept
    )
    kept: dict[ClientId, dict[FlagSlug, str]] = {}
    for subject, experiment, arm in connection.execute(query):
        kept.setdefault(subject, {})[experiment] = arm
    return kept


def list_assignments(connection: Connection, subject: str) -> list[AssignmentRow]:
    """List the arms of a client or visit, by kind and name."""
    query = _ASSIGNMENT.where(_a.subject == subject).order_by(_a.kind, _a.experiment)
    return [AssignmentRow.from_row(row) for row in connection.execute(query)]


def keep_for_client(connection: Connection, visit: str, client_id: ClientId, flags: Iterable[FlagSlug]) -> None:
    """Give a client the visit's arms of these flags, and delete the visit's."""
    wanted = set(flags)
    rows = [row for row in list_assignments(connection, visit) if row.experiment in wanted]
    fields = ("kind", "experiment", "arm", "assigned_at")
    kept = [{name: getattr(row, name) for name in fields} | {"subject": client_id, "kept": True} for row in rows]
    if insert_ignoring(connection, assignments, kept):
        note_changes(connection, [client_id])
    own = {(row.experiment, row.arm) for row in list_assignments(connection, client_id) if row.kept}
    seen = [
        {"subject": client_id, "kind": row.kind, "experiment": row.experiment, "arm": row.arm, "at": row.exposed_at}
        for row in rows
        if row.exposed_at is not None and (row.experiment, row.arm) in own
    ]
    save_seen(connection, seen)
    for table in (assignments, exposures):
        connection.execute(delete(table).where(table.c.subject == visit))
