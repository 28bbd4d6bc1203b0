"""Compile a filter to a condition on `clients`. Values travel as parameters; no text of a filter becomes SQL."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, true

from models.segments import (
    AllOf,
    AnyOf,
    Enrolment,
    Everyone,
    Filter,
    Flag,
    Happening,
    Known,
    Moment,
    Not,
    Number,
    WordChoice,
)
from store.segments.client_conditions import build_choice, build_flag, build_known, build_moment, build_number
from store.segments.happening_conditions import build_enrolment, build_happening
from store.segments.row_tests import Conjunction, compile_conjunction


class _Position(NamedTuple):
    """Where in a filter the compiler is. `positive`: not under an odd number of `not`; `alone`: under no `or`."""

    positive: bool
    alone: bool
    by_set: bool
    now: datetime
    dialect: str


def compile_filter(tree: Filter, now: datetime, dialect: str, *, by_set: bool = True) -> ColumnElement[bool]:
    """Build the condition on `clients` that the filter states, true or false and never NULL.

    Args: `now` is business time. `by_set`: for all clients at once; else for single clients and pages of them.
    """
    return _compile(tree, _Position(positive=True, alone=True, by_set=by_set, now=now, dialect=dialect))


def _compile(tree: Filter, at: _Position) -> ColumnElement[bool]:
    if isinstance(tree, Not):
        return _compile(tree.part, at._replace(positive=not at.positive))
    if isinstance(tree, AllOf | AnyOf):
        if isinstance(tree, AllOf) == at.positive:
            return and_(*(_compile(part, at) for part in tree.parts))
        return or_(*(_compile(part, at._replace(alone=False)) for part in tree.parts))
    if isinstance(tree, Everyone):
        return true() if at.positive else ~true()
    leaf = _build_leaf(tree, at)
    return compile_conjunction(leaf, at.positive, by_set=at.by_set, alone=at.alone)


def _build_leaf(leaf: Filter, at: _Position) -> Conjunction:
    if isinstance(leaf, WordChoice):
        return build_choice(leaf, at.dialect)
    if isinstance(leaf, Number):
        return build_number(leaf)
    if isinstance(leaf, Moment):
        return build_moment(leaf, at.now)
    if isinstance(leaf, Flag):
        return build_flag(leaf)
    if isinstance(leaf, Known):
        return build_known(leaf)
    if isinstance(leaf, Happening):
        return build_happening(leaf, at.now)
    if isinstance(leaf, Enrolment):
        return build_enrolment(leaf)
    raise TypeError(f"no leaf of a filter: {type(leaf).__name__}")
