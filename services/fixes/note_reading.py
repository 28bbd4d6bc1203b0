"""Read the note of a request into fields: by a language model where one is configured, else by rules."""

from __future__ import annotations

from datetime import datetime

from agents import notes
from agents.llm import LanguageModel
from domain.fixes import notes as fix_notes
from models.fixes import FixNote
from services.context import ServiceContext
from services.mailing.model_session import open_session
from store.fixes.rows import FixRow


async def read_note(
    context: ServiceContext,
    model: LanguageModel | None,
    row: FixRow,
    now: datetime,
    categories: list[str],
    colours: list[str],
) -> FixNote:
    """Read the note of a Fix into fields, by the language model where there is one, else by rules."""
    note = row.note or ""
    if model is None:
        return fix_notes.parse_note(note, categories, colours)
    async with open_session(context, model, row.client_id, None, now) as asking:
        return await notes.read_note(asking, note, categories, colours)
