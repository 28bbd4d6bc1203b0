"""Read the note of a request into fields: by a language model where one is configured, else by the house rules."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import activity

from agents import notes
from agents.llm import LanguageModel
from domain.fixes import notes as fix_notes
from models.fixes import FixDone, FixNote, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import told
from services.mailing.model_session import session
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.fixes import FixRow


class ReadNote:
    """See the module."""

    def __init__(self, context: ServiceContext, model: LanguageModel | None) -> None:
        self._context, self._model = context, model

    @activity.defn
    async def read_note(self, step: FixStep) -> FixDone:
        """Keep what the note asks for. A note that was read, or a Fix that is further on, stays as it is."""
        row, now, words = await asyncio.to_thread(self._look, step)
        if row.note and row.note_read is None and row.state == FixState.REQUESTED:
            read = await self._read(row, now, *words)
            await asyncio.to_thread(self._keep, step, read)
        return await asyncio.to_thread(self._told, step)

    async def _read(self, row: FixRow, now: datetime, categories: list[str], colours: list[str]) -> FixNote:
        if self._model is None:
            return fix_notes.read_by_rules(row.note, categories, colours)
        async with session(self._context, self._model, row.client_id, None, now) as model:
            return await notes.read(model, row.note, categories, colours)

    def _look(self, step: FixStep) -> tuple[FixRow, datetime, tuple[list[str], list[str]]]:
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            return fixes.get(connection, step.fix_id), now, catalogue.words(connection)

    def _keep(self, step: FixStep, read: FixNote) -> None:
        with write_transaction(self._context.engine) as connection:
            fixes.keep_note(connection, step.fix_id, read.model_dump(mode="json"))

    def _told(self, step: FixStep) -> FixDone:
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            return told(self._context.settings, connection, fixes.get(connection, step.fix_id), clock, now)
