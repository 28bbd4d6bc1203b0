"""What a filter asks of the client's own row, of the last assessment, of the sums of orders, and of attributes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Float, Text, and_, cast, exists, false, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from domain.segments.evaluation import Bounds, compute_bounds, find_begin
from domain.segments.vocabulary import ATTRIBUTE
from models.segment_words import ChoiceField, FlagField, MomentField, NumberField, NumberOp
from models.segments import Flag, Known, Moment, Number, WordChoice
from store.mail.withdrawals import match_in_force
from store.segments.row_tests import Conjunction, RowTest, Test
from store.tables import client_attributes, clients, engagement, standings, withdrawals

_c, _s, _e = clients.c, standings.c, engagement.c
_VALUE: Final = cast(_e.orders_value_cents, Float) / 100.0


def build_choice(leaf: WordChoice, dialect: str) -> Conjunction:
    """Build what a choice asks."""
    values = leaf.values
    if not isinstance(leaf.field, ChoiceField):
        return _hold(_test_attribute(leaf.field, client_attributes.c.words.in_(values)))
    if leaf.field in (ChoiceField.PHASE, ChoiceField.BAND):
        return _hold(RowTest(_s.client_id, (_s[leaf.field].in_(values),)))
    match: dict[ChoiceField, Callable[[str], ColumnElement[bool]]] = {
        ChoiceField.LANGUAGE: _speak,
        ChoiceField.COUNTRY: _live_in,
        ChoiceField.COHORT: _sign_up_in,
        ChoiceField.TAG: lambda value: _contain(_c.tags, "", value, dialect),
        ChoiceField.SIZE: lambda value: _contain(_c.sizes, "", value, dialect),
        ChoiceField.STYLE: lambda value: _contain(_c.quiz, "styles", value, dialect),
    }
    return _hold(or_(*(match[leaf.field](value) for value in values)))


def _hold(*tests: Test) -> Conjunction:
    return Conjunction(tests)


def _test_attribute(field: str, *where: ColumnElement[bool]) -> RowTest:
    return RowTest(client_attributes.c.client_id, (client_attributes.c.name == field.removeprefix(ATTRIBUTE), *where))


def _speak(language: str) -> ColumnElement[bool]:
    locale = func.lower(_c.locale)
    return or_(locale == language, *(locale.startswith(language + mark, autoescape=True) for mark in "-_"))


def _live_in(country: str) -> ColumnElement[bool]:
    locale = func.upper(_c.locale)
    region = or_(*(locale.endswith(mark + country, autoescape=True) for mark in "-_"))
    return or_(_c.country == country, and_(_c.country == "", region))


def _sign_up_in(month: str) -> ColumnElement[bool]:
    first = date.fromisoformat(f"{month}-01")
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return _lie_within(_c.signed_up_at, Bounds(find_begin(first), find_begin(following)))


def _contain(column: Column[Any], part: str, value: str, dialect: str) -> ColumnElement[bool]:
    """Build the condition that a list in JSON holds the value; on PostgreSQL an index finds it."""
    if dialect == "postgresql":
        wanted = {part: [value]} if part else [value]
        return (
            func.coalesce(type_coerce(column, JSONB).contains(wanted), false())
            if part
            else (type_coerce(column, JSONB).contains(wanted))
        )
    # The list is read as text: json_each of a JSON column would be bound as JSON once more.
    path = f"$.{part}" if part else "$"
    given = func.json_each(type_coerce(column, Text), path).table_valued("value")
    return exists(select(given.c.value).where(given.c.value == value).correlate(clients))


def _compare(column: ColumnElement[Any], op: NumberOp, value: float) -> ColumnElement[bool]:
    return {
        NumberOp.EQUAL: column == value,
        NumberOp.BELOW: column < value,
        NumberOp.AT_MOST: column <= value,
        NumberOp.ABOVE: column > value,
        NumberOp.AT_LEAST: column >= value,
    }[op]


def _is_met_by_zero(leaf: Number) -> bool:
    return {
        NumberOp.EQUAL: leaf.value == 0,
        NumberOp.BELOW: leaf.value > 0,
        NumberOp.AT_MOST: leaf.value >= 0,
        NumberOp.ABOVE: leaf.value < 0,
        NumberOp.AT_LEAST: leaf.value <= 0,
    }[leaf.op]


def build_number(leaf: Number) -> Conjunction:
    """Build what a comparison of figures asks. Orders and value of who has no sums are 0."""
    if not isinstance(leaf.field, NumberField):
        return _hold(_test_attribute(leaf.field, _compare(client_attributes.c.number, leaf.op, leaf.value)))
    if leaf.field in (NumberField.SCORE, NumberField.RISK):
        return _hold(RowTest(_s.client_id, (_compare(_s[leaf.field], leaf.op, leaf.value),)))
    if leaf.field == NumberField.AVERAGE_ORDER:
        average = _compare(_VALUE / func.nullif(_e.orders, 0), leaf.op, leaf.value)
        return _hold(RowTest(_e.client_id, (_e.orders > 0, average)))
    met = _compare(_e.orders if leaf.field == NumberField.ORDERS else _VALUE, leaf.op, leaf.value)
    if _is_met_by_zero(leaf):
        return _hold(RowTest(_e.client_id, (~met,), absent=True))
    return _hold(RowTest(_e.client_id, (met,)))


_MOMENTS: Final = {
    MomentField.FIRST_ORDER: (_e.client_id, _e.first_order_at),
    MomentField.LAST_ORDER: (_e.client_id, _e.last_order_at),
    MomentField.LAST_EVENT: (_e.client_id, _e.anchor_at),
    MomentField.PHASE_SINCE: (_s.client_id, _s.phase_since),
}


def build_moment(leaf: Moment, now: datetime) -> Conjunction:
    """Build what a window asks of a moment, or of the day of an attribute."""
    bounds = compute_bounds(leaf.window, now)
    if not isinstance(leaf.field, MomentField):
        return _hold(_test_attribute(leaf.field, _begin_within(bounds)))
    if leaf.field == MomentField.SIGNED_UP:
        return _hold(_lie_within(_c.signed_up_at, bounds))
    key, column = _MOMENTS[leaf.field]
    return _hold(RowTest(key, (_lie_within(column, bounds),)))


def _lie_within(column: ColumnElement[Any], bounds: Bounds) -> ColumnElement[bool]:
    parts = [] if bounds.begin is None else [column >= bounds.begin]
    return and_(*parts, *([] if bounds.end is None else [column < bounds.end]))


def list_bounds(column: ColumnElement[Any], bounds: Bounds) -> list[ColumnElement[bool]]:
    """List the conditions that a moment lies within."""
    return [_lie_within(column, bounds)] if bounds != Bounds() else []


def _begin_within(bounds: Bounds) -> ColumnElement[bool]:
    """Build the condition that the day of an attribute begins within the bounds."""
    parts: list[ColumnElement[bool]] = []
    if bounds.begin is not None:
        day = bounds.begin.date()
        parts.append(client_attributes.c.day >= day if bounds.begin.time() == time() else client_attributes.c.day > day)
    if bounds.end is not None:
        day = bounds.end.date()
        parts.append(client_attributes.c.day < day if bounds.end.time() == time() else client_attributes.c.day <= day)
    return and_(*parts)


def build_flag(leaf: Flag) -> Conjunction:
    """Build what a flag asks."""
    if not isinstance(leaf.field, FlagField):
        return _hold(_test_attribute(leaf.field, client_attributes.c.flag.is_(True)))
    if leaf.field == FlagField.CONSENT:
        withdrawn = exists(select(withdrawals.c.at).where(match_in_force()).correlate(clients))
        return _hold(_c.consent, ~withdrawn)
    agreed = _c.purposes[(leaf.field.value, "agreed")].as_boolean()
    return _hold(agreed.is_(True) if leaf.field == FlagField.MEASUREMENT else agreed.is_not(False))


def build_known(leaf: Known) -> Conjunction:
    """Build whether the attribute has a value."""
    return _hold(_test_attribute(leaf.field))
