"""The note reader: turns what a client wrote with a request for a Fix into fields, in words of the catalogue."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import ConfigDict, Field

from agents.llm import PromptAnswerer
from agents.prompt import clean_foreign_text, load_instructions, quote_data
from domain.fixes.notes import explain_note
from domain.histories import normalise_word
from models.events import Label, Money
from models.fixes import FixNote, NoteFields

VERSION = load_instructions("notes").version
MAX_NOTE_CHARACTERS = 2_000


class NoteAnswer(NoteFields):
    """What the note asks for."""

    model_config = ConfigDict(extra="forbid", title="NoteFields", hide_input_in_errors=True)

    must_have: tuple[Label, ...] = Field(default=(), max_length=10, description="Categories of the catalogue.")
    exclude_categories: tuple[Label, ...] = Field(default=(), max_length=50, description="Categories of the catalogue.")
    exclude_colours: tuple[Label, ...] = Field(default=(), max_length=50, description="Colours of the catalogue.")
    colours: tuple[Label, ...] = Field(
        default=(), max_length=10, description="Colours of the catalogue that the client would like."
    )
    budget: Money | None = Field(default=None, description="For the whole box; only when the note states it.")
    item_cap: Money | None = Field(default=None, description="For one item; only when the note states it.")


async def read_note(model: PromptAnswerer, note: str, categories: Collection[str], colours: Collection[str]) -> FixNote:
    """Read the note into fields. Raises what `agents.llm.ModelSession.ask` raises."""
    kinds, shades = (
        {normalise_word(category): category for category in categories},
        {normalise_word(colour): colour for colour in colours},
    )
    text = clean_foreign_text(note, MAX_NOTE_CHARACTERS)

    def check(answer: NoteAnswer) -> list[str]:
        strange = {
            "must_have": [category for category in answer.must_have if normalise_word(category) not in kinds],
            "exclude_categories": [
                category for category in answer.exclude_categories if normalise_word(category) not in kinds
            ],
            "exclude_colours": [colour for colour in answer.exclude_colours if normalise_word(colour) not in shades],
            "colours": [colour for colour in answer.colours if normalise_word(colour) not in shades],
        }
        faults = [f"{field}: not words of the catalogue" for field, words in strange.items() if words]
        if {normalise_word(category) for category in answer.must_have} & {
            normalise_word(category) for category in answer.exclude_categories
        }:
            faults.append("must_have: a category is excluded as well")
        for field in ("budget", "item_cap"):
            amount = getattr(answer, field)
            if amount is not None and f"{amount:f}".removesuffix(".00") not in text.replace(",", ""):
                faults.append(f"{field}: the note does not state this amount")
        return faults

    data = quote_data("catalogue", {"categories": sorted(categories), "colours": sorted(colours)})
    prompt = load_instructions("notes").build_prompt(f"{quote_data('note', text)}\n{data}")
    reply = (await model.ask(prompt, NoteAnswer, check)).value
    fields = NoteFields(
        must_have=tuple(kinds[normalise_word(category)] for category in reply.must_have),
        exclude_categories=tuple(kinds[normalise_word(category)] for category in reply.exclude_categories),
        exclude_colours=tuple(shades[normalise_word(colour)] for colour in reply.exclude_colours),
        colours=tuple(shades[normalise_word(colour)] for colour in reply.colours),
        budget=reply.budget,
        item_cap=reply.item_cap,
    )
    return FixNote(fields=fields, by="model", said=explain_note(fields))
