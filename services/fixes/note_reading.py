"""Read the note of a request into wishes: by a language model where one is configured, else by rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from agents import notes
from agents.llm import LanguageModel
from domain.fixes.notes import build_note
from domain.fixes.reading.items import CatalogueWords, map_catalogue
from domain.fixes.reading.reader import NoteWords, read_wishes
from models.fixes import FixNote
from services.context import ServiceContext
from services.fixes.vocabulary_files import load_vocabulary
from services.mailing.model_session import open_session
from settings import Settings
from store.catalogue import catalogue
from store.fixes.rows import FixRow


def load_words(settings: Settings, connection: Connection) -> tuple[NoteWords, CatalogueWords]:
    """Load the words in which notes are read, and what the words of the catalogue mean in them."""
    categories, colours = catalogue.load_vocabulary(connection)
    vocabulary = load_vocabulary(settings.note_words, tuple(categories), tuple(catalogue.list_brands(connection)))
    return vocabulary, map_catalogue(categories, colours, vocabulary)


def read_by_rules(note: str, vocabulary: NoteWords, words: CatalogueWords) -> FixNote:
    """Read a note into wishes by rules."""
    reading = read_wishes(note, vocabulary)
    return build_note(reading.wishes, reading.not_understood, words, "house")


async def read_note(
    context: ServiceContext,
    model: LanguageModel | None,
    row: FixRow,
    now: datetime,
    vocabulary: NoteWords,
    words: CatalogueWords,
) -> FixNote:
    """Read the note of a Fix into wishes, by the language model where there is one, else by rules."""
    note = row.note or ""
    if model is None:
        return read_by_rules(note, vocabulary, words)
    async with open_session(context, model, row.client_id, None, now) as asking:
        answer = await notes.read_note(asking, note, vocabulary, tuple(words.categories))
    return build_note(answer.wishes, answer.not_understood, words, "model")
