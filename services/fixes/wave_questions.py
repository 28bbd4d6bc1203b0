"""Build what the Fixes of one part of a wave ask of the assembly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from domain.fixes.box_questions import build_question as build_box_question
from models.fixes import FixId, FixState
from models.slots import AssemblyQuestion
from store.database import read_transaction
from store.fixes import fixes
from store.fixes.rows import FixRow, parse_candidates, parse_wish


def is_waiting(row: FixRow) -> bool:
    """Return whether a wave may assemble the box of this Fix."""
    return bool(row.wave) and row.state == FixState.RANKED


def build_wave_question(row: FixRow, now: datetime) -> AssemblyQuestion:
    """Build what a Fix asks in a wave: its candidates at their full worth, since the wave computes the prices
    itself."""
    return build_box_question(parse_wish(row), parse_candidates(row), {}, row.client_id, now, row.assembled)


def list_rankable(engine: Engine, planned: Sequence[FixId]) -> list[FixId]:
    """List the Fixes to rank. One whose note is still being read takes the next wave, or goes on alone."""
    with read_transaction(engine) as connection:
        rows = fixes.load_fixes(connection, planned)
    return [row.fix_id for row in rows if row.state == FixState.REQUESTED and (not row.note or row.note_read)]
