"""Read the note of a request into wishes: by a language model where one is configured, else by rules."""

from __future__ import annotations

import asyncio
from datetime import datetime

from activities.declaration import declare_activity
from agents.llm import LanguageModel
from domain.fixes.reading.items import CatalogueWords
from domain.fixes.reading.reader import NoteWords
from models.fixes import FixDone, FixNote, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import build_step_result
from services.fixes.note_reading import load_words, read_note
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.rows import FixRow


class NoteReadingSteps:
    """The step that reads the note of one Fix."""

    def __init__(self, context: ServiceContext, model: LanguageModel | None) -> None:
        self._context, self._model = context, model

    @declare_activity()
    async def read_note(self, step: FixStep) -> FixDone:
        """Save what the note asks for. A note that was read, or a Fix that is further on, stays as it is."""
        row, now, words = await asyncio.to_thread(self._load, step)
        if row.note and row.note_read is None and row.state == FixState.REQUESTED:
            note = await read_note(self._context, self._model, row, now, *words)
            await asyncio.to_thread(self._save, step, note)
        return await asyncio.to_thread(self._load_result, step)

    def _load(self, step: FixStep) -> tuple[FixRow, datetime, tuple[NoteWords, CatalogueWords]]:
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            return fixes.load_fix(connection, step.fix_id), now, load_words(self._context.settings, connection)

    def _save(self, step: FixStep, note: FixNote) -> None:
        with write_transaction(self._context.engine) as connection:
            fixes.save_note(connection, step.fix_id, note.model_dump(mode="json"))

    def _load_result(self, step: FixStep) -> FixDone:
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            return build_step_result(
                self._context.settings, connection, fixes.load_fix(connection, step.fix_id), clock, now
            )
