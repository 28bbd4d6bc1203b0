"""Read the note of a request into fields: by a language model where one is configured, else by the house rules."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import activity

from agents import notes
from agents.llm import LanguageModel
from domain.fixes import notes as fix_notes
from models.fixes import FixDone, FixNote, FixState, FixStep
from services.context import House
from services.fixes.fix_steps import told
from services.mailing.model_session import session
from store.catalogue import catalogue
from store.database import reading, writing
from store.fixes import fixes
from store.fixes.fixes import FixRow


class ReadNote:
    """See the module."""

    def __init__(self, house: House, model: LanguageModel | None) -> None:
        self._house, self._model = house, model

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
        async with session(self._house, self._model, row.client_id, None, now) as model:
            return await notes.read(model, row.note, categories, colours)

    def _look(self, step: FixStep) -> tuple[FixRow, datetime, tuple[list[str], list[str]]]:
        with reading(self._house.engine) as connection:
            _, now = self._house.business_time(connection, step.at)
            return fixes.get(connection, step.fix_id), now, catalogue.words(connection)

    def _keep(self, step: FixStep, read: FixNote) -> None:
        with writing(self._house.engine) as connection:
            fixes.keep_note(connection, step.fix_id, read.model_dump(mode="json"))

    def _told(self, step: FixStep) -> FixDone:
        with reading(self._house.engine) as connection:
            clock, now = self._house.business_time(connection, step.at)
            return told(self._house.settings, connection, fixes.get(connection, step.fix_id), clock, now)
