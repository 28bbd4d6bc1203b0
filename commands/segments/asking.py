"""What verbs about a filter share: the argument, the database, and the business time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from models.segment_answers import FilterAnswer, SegmentQuestion
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Asking:
    """A question to the store."""

    engine: Engine
    question: SegmentQuestion
    now: datetime


def ask(filter_or_slug: str, limit: int | None = None) -> Asking:
    """Open the database and build the question: about a saved segment if there is one of this slug, else a filter."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.segments.segments import find_segment  # noqa: PLC0415

    engine = open_database(load())
    with read_transaction(engine) as connection:
        about = "segment" if find_segment(connection, filter_or_slug[:64]) else "filter"
    question = validate(SegmentQuestion, {about: filter_or_slug, "limit": limit})
    return Asking(engine, question, load_business_time(engine))


def describe(answer: FilterAnswer) -> str:
    """Return the filter as its text and its sentence."""
    return f"{answer.text}\n{answer.sentence}"
