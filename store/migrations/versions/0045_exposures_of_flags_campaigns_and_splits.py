"""exposures of flags, campaigns and splits

Who saw which arm becomes a table of its own, beside who is in which. The texts of campaigns' mails and the splits
between algorithms, which stood in the ledger and with decisions alone, get their rows in both. Nobody changes the arm.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.sql.types import Json, UtcTime

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: None = None
depends_on: None = None

BATCH = 1_000
Row = dict[str, Any]

_KEYS = ("subject", "kind", "experiment")
_assignments = sa.table(
    "assignments",
    *(sa.column(name, sa.String) for name in (*_KEYS, "arm")),
    *(sa.column(name, UtcTime()) for name in ("assigned_at", "exposed_at")),
    sa.column("kept", sa.Boolean),
)
_exposures = sa.table(
    "exposures", *(sa.column(name, sa.String) for name in (*_KEYS, "arm")), sa.column("at", UtcTime())
)
_decisions = sa.table(
    "decisions",
    *(sa.column(name, sa.String) for name in ("slot", "role", "client_id", "variant", "experiment", "fix_id")),
    sa.column("n", sa.Integer),
    sa.column("at", UtcTime()),
)
_outreaches = sa.table(
    "outreaches",
    *(sa.column(name, sa.String) for name in ("client_id", "campaign", "reason_key", "state")),
    sa.column("n", sa.Integer),
    sa.column("content", Json),
    *(sa.column(name, UtcTime()) for name in ("created_at", "sent_at")),
)
_fixes = sa.table("fixes", sa.column("fix_id", sa.String), sa.column("shipped_at", UtcTime()))
_versions = sa.table(
    "campaign_versions",
    *(sa.column(name, sa.String) for name in ("slug", "state")),
    sa.column("version", sa.Integer),
    sa.column("definition", Json),
    sa.column("updated_at", UtcTime()),
)


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "exposures",
        sa.Column("subject", sa.String(length=64), nullable=False, comment="as in assignments"),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("experiment", sa.String(length=140), nullable=False),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False, comment="when they first saw it"),
        sa.PrimaryKeyConstraint("subject", "kind", "experiment", "arm", name=op.f("pk_exposures")),
        comment="who saw which arm, each once",
    )
    visits = sa.text("subject LIKE 'visit.%'")
    with op.batch_alter_table("exposures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exposures_kind_experiment_at"), ["kind", "experiment", "at"], unique=False)
        batch_op.create_index("ix_exposures_visits", ["at"], unique=False, sqlite_where=visits, postgresql_where=visits)
    connection = op.get_bind()
    _move_slots(connection)
    _move_texts(connection)
    columns = [*(_assignments.c[name] for name in (*_KEYS, "arm")), _assignments.c.exposed_at]
    seen = sa.select(*columns).where(_assignments.c.exposed_at.is_not(None))
    connection.execute(sa.insert(_exposures).from_select([*_KEYS, "arm", "at"], seen))
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index("ix_assignments_visits")
        batch_op.drop_column("exposed_at")
        batch_op.alter_column(
            "experiment",
            existing_type=sa.String(length=140),
            existing_nullable=False,
            comment="slug of a flag; slot/algorithms; campaign/step",
            existing_comment="slug of a flag; slot; campaign/step",
        )


def _move_slots(connection: sa.Connection) -> None:
    """Give each client who was answered while a split was in force their row, named by the split."""
    d, f, o = _decisions.c, _fixes.c, _outreaches.c
    at_once = sa.case((sa.and_(d.n.is_(None), d.fix_id.is_(None)), d.at))
    seen = sa.func.min(sa.func.coalesce(o.sent_at, f.shipped_at, at_once)).label("seen_at")
    query = sa.select(
        d.client_id,
        d.slot,
        d.experiment,
        d.variant,
        sa.func.min(d.at).label("at"),
        sa.func.max(d.at).label("last"),
        seen,
    ).select_from(
        _decisions.outerjoin(_outreaches, sa.and_(o.client_id == d.client_id, o.n == d.n)).outerjoin(
            _fixes, f.fix_id == d.fix_id
        )
    )
    query = query.where(d.role == "live", d.experiment != "").group_by(d.client_id, d.slot, d.experiment, d.variant)
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in connection.execute(query.order_by(d.client_id, sa.desc("last"))):
        rows[row.client_id, row.slot].append(
            {
                "subject": row.client_id,
                "kind": "slot",
                "experiment": _name_split(row.slot, row.experiment),
                "arm": row.variant,
                "assigned_at": row.at,
                "exposed_at": row.seen_at,
            }
        )
    # Also those of a shop that went back to the revision before and comes again.
    old = [{"who": who, "what": slot, "named": f"{slot}/%"} for who, slot in rows]
    experiment = _assignments.c.experiment
    of_slot = sa.or_(experiment == sa.bindparam("what"), experiment.like(sa.bindparam("named")))
    gone = sa.delete(_assignments).where(
        _assignments.c.kind == "slot", _assignments.c.subject == sa.bindparam("who"), of_slot
    )
    for batch in _batch(old):
        connection.execute(gone, batch)
    _insert(connection, (row for own in rows.values() for row in own))


def _name_split(slot: str, text: str) -> str:
    """Name a split as `domain.experiments.name_split` does; `text`: its JSON, or words as older records hold them."""
    if text.startswith("{"):
        split = json.loads(text)
        champion, names = split["champion"], list(split["shares"])
    else:
        names = [part.split(" ")[0] for part in text.split(", ")]
        champion = names[0]
    name = f"{slot}/{'+'.join((champion, *sorted(one for one in names if one != champion)))}"
    return name if len(name) <= 140 else f"{slot}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _move_texts(connection: sa.Connection) -> None:
    """Give each client whose campaign's mail has several texts their row, and name the test in mails that wait."""
    v, o = _versions.c, _outreaches.c
    published: dict[str, list[tuple[datetime, frozenset[str]]]] = defaultdict(list)
    for row in connection.execute(sa.select(v.slug, v.definition, v.updated_at, v.state).order_by(v.slug, v.version)):
        steps = row.definition.get("steps") or ()
        tested = frozenset(step["id"] for step in steps if (step.get("mail") or {}).get("variants"))
        if row.state == "live":
            published[row.slug].append((row.updated_at, tested))
    slugs = [slug for slug, versions in published.items() if any(steps for _, steps in versions)]
    query = sa.select(o.client_id, o.n, o.campaign, o.reason_key, o.state, o.content, o.created_at, o.sent_at)
    query = query.where(o.campaign.in_(slugs), o.content.is_not(None)).order_by(o.client_id, o.n)
    found: dict[tuple[str, str], Row] = {}
    waiting: list[Row] = []
    for mail in connection.execute(query) if slugs else ():
        key = mail.reason_key
        step = key.rpartition(":")[2] if key.startswith("campaign:") else key.partition(":")[0]
        content = mail.content or {}
        arm, versions = content.get("variant", ""), published[mail.campaign]
        if not arm and step not in _find_tested(versions, mail.created_at):
            continue
        experiment = f"{mail.campaign}/{step}"
        left = mail.sent_at if mail.state in ("sent", "complained", "bounced") else None
        own = {"subject": mail.client_id, "kind": "campaign", "experiment": experiment, "arm": arm}
        first = found.setdefault(
            (mail.client_id, experiment), own | {"assigned_at": mail.created_at, "exposed_at": left}
        )
        first["exposed_at"] = first["exposed_at"] or left
        first["arm"] = arm
        if mail.sent_at is None:
            waiting.append({"who": mail.client_id, "number": mail.n, "said": {**content, "experiment": experiment}})
    _insert(connection, found.values())
    naming = sa.update(_outreaches).where(o.client_id == sa.bindparam("who"), o.n == sa.bindparam("number"))
    for batch in _batch(waiting):
        connection.execute(naming.values(content=sa.bindparam("said", type_=Json)), batch)


def _find_tested(versions: Iterable[tuple[datetime, frozenset[str]]], at: datetime) -> frozenset[str]:
    """Find the steps with several texts of the version that was the newest at a moment."""
    tested: frozenset[str] = frozenset()
    for since, steps in versions:
        if since <= at:
            tested = steps
    return tested


def _insert(connection: sa.Connection, rows: Iterable[Row]) -> None:
    """Insert assignments: of two that have one key, the one that comes first says the arm, and both that it was seen."""
    merged: dict[tuple[Any, ...], Row] = {}
    more: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        first = merged.setdefault(tuple(row[name] for name in _KEYS), row)
        first["assigned_at"] = min(first["assigned_at"], row["assigned_at"])
        seen = row["exposed_at"]
        if seen is None:
            continue
        if row["arm"] == first["arm"]:
            first["exposed_at"] = min(seen, first["exposed_at"] or seen)
        else:
            key = (*(row[name] for name in _KEYS), row["arm"])
            earlier = more.setdefault(key, {name: row[name] for name in (*_KEYS, "arm")} | {"at": seen})
            earlier["at"] = min(earlier["at"], seen)
    for batch in _batch([row | {"kept": False} for row in merged.values()]):
        connection.execute(sa.insert(_assignments), batch)
    for batch in _batch(list(more.values())):
        connection.execute(sa.insert(_exposures), batch)


def _batch(rows: list[Row]) -> Iterator[list[Mapping[str, Any]]]:
    for begin in range(0, len(rows), BATCH):
        yield [*rows[begin : begin + BATCH]]


def downgrade() -> None:
    """Back to the one before, which looks for no texts of campaigns."""
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("exposed_at", UtcTime(), nullable=True, comment="when they first saw it; none: not yet")
        )
        batch_op.alter_column(
            "experiment",
            existing_type=sa.String(length=140),
            existing_nullable=False,
            comment="slug of a flag; slot; campaign/step",
            existing_comment="slug of a flag; slot/algorithms; campaign/step",
        )
    visits = sa.text("subject LIKE 'visit.%'")
    op.create_index(
        "ix_assignments_visits", "assignments", ["exposed_at"], sqlite_where=visits, postgresql_where=visits
    )
    own = sa.and_(*(_exposures.c[name] == _assignments.c[name] for name in _KEYS))
    first = sa.select(sa.func.min(_exposures.c.at)).where(own).scalar_subquery()
    connection = op.get_bind()
    connection.execute(sa.update(_assignments).values(exposed_at=first))
    connection.execute(sa.delete(_assignments).where(_assignments.c.kind == "campaign"))
    op.drop_table("exposures")
