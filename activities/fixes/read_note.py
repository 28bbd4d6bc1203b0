"""Read the note of a request into fields: by a language model where one is configured, else by rules."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import activity

from agents.llm import LanguageModel
from models.fixes import FixDone, FixNote, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import build_step_result
from services.fixes.note_reading import read_note
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.rows import FixRow


class NoteReadingSteps:
    """The step that reads the note of one Fix."""

    def __init__(self, context: ServiceContext, model: LanguageModel | None) -> None:
        self._context, self._model = context, model

    @activity.defn
    async def read_note(self, step: FixStep) -> FixDone:
        """Save what the note asks for. A note that was read, or a Fix that is further on, stays as it is."""
        row, now, vocabulary = await asyncio.to_thread(self._load, step)
        if row.note and row.note_read is None and row.state == FixState.REQUESTED:
            fields = await read_note(self._context, self._model, row, now, *vocabulary)
            await asyncio.to_thread(self._save, step, fields)
        return await asyncio.to_thread(self._load_result, step)

    def _load(self, step: FixStep) -> tuple[FixRow, datetime, tuple[list[str], list[str]]]:
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            return fixes.load_fix(connection, step.fix_id), now, catalogue.load_vocabulary(connection)

    def _save(self, step: FixStep, fields: FixNote) -> None:
        with write_transaction(self._context.engine) as connection:
            fixes.save_note(connection, step.fix_id, fields.model_dump(mode="json"))

    def _load_result(self, step: FixStep) -> FixDone:
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            return build_step_result(
                self._context.settings, connection, fixes.load_fix(connection, step.fix_id), clock, now
            )
