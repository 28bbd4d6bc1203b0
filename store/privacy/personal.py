"""Which tables hold something of a client, and how its rows are found: the one list that the export and the erasure go
by. A table that is in neither list here fails a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, select

from models.base import ClientId
from store import tables as t

Which = Callable[[ClientId], ColumnElement[bool]]


@dataclass(frozen=True)
class Holding:
    """The rows of one table that are of a client. `part`: what the export calls them; `without`: columns that it
    leaves out, since they say nothing of the client (or, names of staff, are another's)."""

    part: str
    table: Table
    which: Which
    without: frozenset[str] = frozenset()


def _own(part: str, table: Table, *without: str) -> Holding:
    return Holding(part, table, lambda client_id: table.c.client_id == client_id, frozenset(without))


def _of_fix(part: str, table: Table, *without: str) -> Holding:
    def which(client_id: ClientId) -> ColumnElement[bool]:
        return table.c.fix_id.in_(select(t.fixes.c.fix_id).where(t.fixes.c.client_id == client_id))

    return Holding(part, table, which, frozenset(without))


HOLDINGS: Final[tuple[Holding, ...]] = (
    _own("client", t.clients),
    _own("mail_edits", t.edits, "by"),
    _own("mail_steps", t.outreach_steps),
    _own("campaigns", t.enrolments),
    _own("mails", t.outreaches, "token", "lease_until"),
    _of_fix("fix_items", t.fix_items),
    _of_fix("fix_steps", t.fix_steps),
    _own("fixes", t.fixes, "decided_by"),
    _own("events", t.events),
    _own("engagement", t.engagement),
    _own("taste", t.tastes),
    _own("standing", t.standings),
    _own("assessments", t.assessments),
    _own("calls", t.calls, "by", "day", "place"),
    _own("decisions", t.decisions),
    _own("questions", t.questions),
    _own("top_picks", t.top_picks),
    _own("model_calls", t.model_calls),
    _own("holds", t.holds),
)
"""Rows that name others come before those. The order in which they are erased."""

APART: Final[Mapping[Table, str]] = {
    t.items: "the catalogue",
    t.stock: "counts of units",
    t.stock_prices: "of units",
    t.revisions: "counters",
    t.beliefs: "what the house learnt of everybody together",
    t.reading_hours: "hours of everybody, or of all with one tag or style",
    t.clock: "one row",
    t.campaigns: "the owner's words; its cursor is moved off an erased id, and what was erased is counted",
    t.waves: "counts; Fixes are taken out of its plan",
    t.wave_parts: "arrays without clients; Fixes are taken out of them",
    t.refreshes: "counts; shards that begin at an erased id begin before it",
    t.artefacts: "figures of models; algorithms/forgetting.py takes the client's name out of their files",
    t.outbox: "ids that wait to be told to Temporal; erased, not exported",
    t.suppressions: "a keyed hash of an address, which must outlive the erasure; exported as `suppressed`",
    t.tombstones: "a keyed hash of an erased id",
}
"""Everything else, and why."""


def row_of(holding: Holding, row: Any) -> dict[str, Any]:
    """What the export tells of one row."""
    told = {str(name): value for name, value in row._mapping.items() if name not in holding.without}
    if isinstance(told.get("data"), dict):  # of a Fix's step
        told["data"] = {name: value for name, value in told["data"].items() if name != "decided_by"}
    return told
