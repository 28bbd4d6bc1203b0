"""Assemble one box alone: the slot `assembly` is asked, with what is free now and the prices of the last wave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Any, Final, cast

from sqlalchemy import Connection
from temporalio import activity

from algorithms.assembly import answering
from domain.fixes import rules as fix_rules
from domain.stock_prices import paid
from models.fixes import FixDone, FixState, FixStep
from models.policies import BUILT_IN
from models.slots import AssemblyAnswer, AssemblyQuestion
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from services.fixes.fix_steps import told
from store.catalogue import availability
from store.database import read_transaction, write_transaction
from store.fixes import fixes, stock_prices
from store.fixes.fixes import FixRow
from store.fixes.rows import items_of, wish_of

SLOT: Final = "assembly"
MOST_BOXES: Final = 5
"""So often a box is made anew because its units went to others; then the Fix fails, and says so."""


class AssembleFix:
    """See the module."""

    def __init__(self, context: ServiceContext, decider: Decider) -> None:
        self._context, self._decider = context, decider

    @activity.defn
    def assemble_fix(self, step: FixStep) -> FixDone:
        """The box, not yet held. A Fix that is further on stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            row = fixes.get(connection, step.fix_id)
            question = question_of(connection, row, now) if row.state == FixState.RANKED else None
        asked = asked_of(self._decider, question) if question is not None else None
        with write_transaction(self._context.engine) as connection:
            stands = fixes.get(connection, step.fix_id, lock=True)
            if asked is not None and (stands.state, stands.assembled) == (FixState.RANKED, row.assembled):
                self._keep(connection, row, asked, now)
            return told(self._context.settings, connection, fixes.get(connection, step.fix_id), clock, now)

    def _keep(self, connection: Connection, row: FixRow, asked: Asked, now: datetime) -> None:
        kept = kept_of(row, asked)
        self._decider.keep(connection, asked, now, fix_id=row.fix_id, key=f"{row.fix_id}/{kept['assembled']}")
        if row.assembled >= MOST_BOXES:
            fixes.move(connection, row.fix_id, FixState.FAILED, now, code="stock_moves")
        elif not kept["box"]:
            fixes.move(connection, row.fix_id, FixState.FAILED, now, code="nothing_fits", values=kept)
        else:
            fixes.move(connection, row.fix_id, FixState.ASSEMBLED, now, values=kept, data={"box": kept["box"]})


def question_of(connection: Connection, row: FixRow, now: datetime) -> AssemblyQuestion:
    """What the slot is asked for a Fix: its candidates of which a unit is free at business `now`."""
    items = items_of(row)
    free = availability.free(connection, [item.sku for item in items])
    there = [item for item in items if free.get(item.sku, 0) > 0]
    prices = paid(stock_prices.of(connection, [each.sku for each in there]), free, now)
    return fix_rules.question(wish_of(row), there, prices, row.client_id, now, row.assembled)


def asked_of(decider: Decider, question: AssemblyQuestion) -> Asked:
    """The slot's answer; the house's is the best box there is, not the slot's last resort."""
    asked = decider.ask(SLOT, question)
    if asked.decision.algorithm != BUILT_IN:
        return asked
    begun = perf_counter()
    best = answering.answer(question)
    return asked.instead(answering.NAME, answering.VERSION, best, perf_counter() - begun)


def kept_of(row: FixRow, asked: Asked) -> dict[str, Any]:
    """The columns that an assembled box is kept in, from which it can be made again."""
    question, decision = cast(AssemblyQuestion, asked.question), asked.decision
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
