"""Conditions on the rows that other tables hold of a client, and how they become SQL.

A condition that stands beside others joined by `and` becomes EXISTS, which PostgreSQL joins once for all clients. One
under `or`, or one that counts, becomes IN over a set that is built once, where EXISTS would be looked up for each
client. For a single client, or a page of clients, all become EXISTS.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, literal, not_, or_, select, true
from sqlalchemy.sql.elements import KeyedColumnElement

from store.tables import clients


class RowTest(NamedTuple):
    """Whether a table holds rows of the client under `where`, as a group under `having`; `absent`: holds none."""

    key: KeyedColumnElement[str]
    where: tuple[ColumnElement[bool], ...]
    having: ColumnElement[bool] | None = None
    absent: bool = False

    def negate(self) -> RowTest:
        """Return the opposite."""
        return self._replace(absent=not self.absent)


Test = RowTest | ColumnElement[bool]
"""A condition: on rows of another table, or a column of the client."""


class Conjunction(NamedTuple):
    """Tests all of which hold, or, when `denied`, of which one fails."""

    tests: tuple[Test, ...]
    denied: bool = False


def compile_conjunction(conjunction: Conjunction, positive: bool, *, by_set: bool, alone: bool) -> ColumnElement[bool]:
    """Build the SQL of a leaf. `positive`: as it is, else its opposite. `alone`: nothing above it is an `or`."""
    positive = positive != conjunction.denied
    alone = alone and (positive or len(conjunction.tests) == 1)
    parts = [_compile_test(test, positive, by_set, alone) for test in conjunction.tests]
    return and_(true(), *parts) if positive else or_(*parts)


def _compile_test(test: Test, positive: bool, by_set: bool, alone: bool) -> ColumnElement[bool]:
    if not isinstance(test, RowTest):
        return test if positive else not_(test)
    holds = positive != test.absent
    if by_set and (not alone or test.having is not None):
        rows = _group(test, select(test.key).where(*test.where))
        return clients.c.client_id.in_(rows) if holds else clients.c.client_id.not_in(rows)
    rows = _group(test, select(literal(1)).where(test.key == clients.c.client_id, *test.where))
    found = exists(rows.correlate(clients))
    return found if holds else not_(found)


def _group(test: RowTest, rows: Select[Any]) -> Select[Any]:
    return rows if test.having is None else rows.group_by(test.key).having(test.having)
