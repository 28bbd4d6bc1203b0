"""Typed rows say of their columns what the tables say."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import Table, create_engine, literal, null, select

from models.base import Contract
from models.states import OutreachState
from store.campaigns.campaigns import CampaignRow
from store.catalogue.catalogue import SizeStock
from store.clients.timeline_rows import ClientHold, MailStep, PastAssessment, PastModelCall, TimelineEvent
from store.fixes.rows import BoxRow, FixRow, FixStepRow
from store.fixes.waves import WaveRow
from store.learning.decisions import DecisionRow
from store.learning.refreshes import RefreshRow
from store.mail.ledger import LedgerRow, PlannedMail
from store.privacy.open_work import OpenMail
from store.sql.records import Record
from store.tables import (
    assessments,
    campaigns,
    decisions,
    events,
    fix_items,
    fix_steps,
    fixes,
    holds,
    model_calls,
    outreach_steps,
    outreaches,
    refreshes,
    stock,
    waves,
)

ROWS: list[tuple[type[Record], Table]] = [
    (LedgerRow, outreaches),
    (PlannedMail, outreaches),
    (OpenMail, outreaches),
    (FixRow, fixes),
    (FixStepRow, fix_steps),
    (BoxRow, fix_items),
    (WaveRow, waves),
    (SizeStock, stock),
    (CampaignRow, campaigns),
    (RefreshRow, refreshes),
    (DecisionRow, decisions),
    (ClientHold, holds),
    (MailStep, outreach_steps),
    (PastModelCall, model_calls),
    (PastAssessment, assessments),
    (TimelineEvent, events),
]


class Size(Contract):
    name: str


@dataclass(frozen=True, slots=True)
class Sample(Record):
    state: OutreachState
    sizes: tuple[Size, ...] = ()
    size: Size | None = None
    orders: int = 0


def read(*columns: Any) -> Sample:
    with create_engine("sqlite://").connect() as connection:
        return Sample.from_row(connection.execute(select(*columns)).one())


def test_values_get_the_types_of_their_fields() -> None:
    state, other = literal("sent").label("state"), literal(1).label("other")
    sizes = literal([{"name": "M"}], outreaches.c.draft.type).label("sizes")
    size = literal({"name": "L"}, outreaches.c.draft.type).label("size")
    sample = read(other, state, sizes, size, literal(3).label("orders"))
    assert sample == Sample(OutreachState.SENT, (Size(name="M"),), Size(name="L"), 3)
    assert sample.state is OutreachState.SENT


def test_null_is_the_default_of_a_field() -> None:
    empty = [null().label(name) for name in ("sizes", "size", "orders")]
    assert read(literal("sent").label("state"), *empty) == Sample(OutreachState.SENT)


def test_a_state_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="lost"):
        read(literal("lost").label("state"), *(null().label(name) for name in ("sizes", "size", "orders")))


@pytest.mark.parametrize(("row", "table"), ROWS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_field_may_be_empty_where_its_column_may(row: type[Record], table: Table) -> None:
    hints = get_type_hints(row)
    kinds: dict[Any, type] = {datetime: datetime, float: float, int: int, bool: bool}
    for field in fields(row):  # type: ignore[arg-type]
        column, options = table.c[field.name], get_args(hints[field.name])
        assert hints[field.name] is Any or (NoneType in options) == bool(column.nullable), field.name
        kind = next((option for option in options if option is not NoneType), hints[field.name])
        if kind in kinds:
            assert isinstance(column.type.python_type, type), field.name
            assert issubclass(kinds[kind], column.type.python_type), field.name
