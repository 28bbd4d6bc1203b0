"""Assemble one box alone: ask the slot `assembly`, with the free stock and the prices of the last wave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection

from algorithms.assembly import built_in
from algorithms.slots.built_in import BuiltIn
from domain.fixes.box_questions import build_question as build_box_question
from domain.stock_prices import compute_prices
from models.fixes import FixState
from models.slots import AssemblyAnswer, AssemblyQuestion
from services.decisions.decider import Decider, PendingDecision
from store.catalogue import availability
from store.fixes import fixes, stock_prices
from store.fixes.rows import FixRow, parse_candidates, parse_wish

SLOT: Final = "assembly"
MOST_BOXES: Final = 5
"""So often a box is assembled anew because its units went to others; then the Fix fails."""


def build_question(connection: Connection, row: FixRow, now: datetime) -> AssemblyQuestion:
    """Build the question to the slot: the candidates of a Fix of which a unit is free at business `now`."""
    items = parse_candidates(row)
    free = availability.count_free(connection, [item.sku for item in items])
    in_stock = [item for item in items if free.get(item.sku, 0) > 0]
    prices = compute_prices(stock_prices.load_prices(connection, [item.sku for item in in_stock]), free, now)
    return build_box_question(parse_wish(row), in_stock, prices, row.client_id, now, row.assembled)


def choose_box(decider: Decider, question: AssemblyQuestion) -> PendingDecision:
    """Ask the slot for a box; the built-in computes the best one."""
    return decider.ask(SLOT, question, BuiltIn(built_in.answer, built_in.NAME, built_in.VERSION))


def build_box_columns(row: FixRow, decision_made: PendingDecision) -> dict[str, Any]:
    """Build the columns that hold an assembled box, from which it can be replayed."""
    question, decision = cast(AssemblyQuestion, decision_made.question), decision_made.decision
    box: Sequence[str] = cast(AssemblyAnswer, decision.answer).skus
    worth = {piece.sku: piece.score for piece in question.pieces}
    return {
        "question": question.model_dump(mode="json"),
        "box": list(box),
        "algorithm": decision.algorithm,
        "version": decision.version,
        "objective": sum(worth[sku] for sku in box),
        "assembled": row.assembled + 1,
    }


def save_box(decider: Decider, connection: Connection, row: FixRow, answer: PendingDecision, now: datetime) -> None:
    """Save the box of a ranked Fix; fail the Fix where nothing fits or its units went to others too often."""
    columns = build_box_columns(row, answer)
    decider.record(connection, answer, now, fix_id=row.fix_id, key=f"{row.fix_id}/{columns['assembled']}")
    if row.assembled >= MOST_BOXES:
        fixes.move_fix(connection, row.fix_id, FixState.FAILED, now, code="stock_moves")
    elif not columns["box"]:
        fixes.move_fix(connection, row.fix_id, FixState.FAILED, now, code="nothing_fits", values=columns)
    else:
        fixes.move_fix(connection, row.fix_id, FixState.ASSEMBLED, now, values=columns, data={"box": columns["box"]})
