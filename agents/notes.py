"""The reader of notes: puts what a client wrote with a request for a Fix into fields, in words of the catalogue."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import ConfigDict, Field

from agents.llm import Asker
from agents.prompting import foreign, instructions, quoted
from domain.fixes.notes import said_of
from domain.histories import plain
from models.events import Label, Money
from models.fixes import FixNote, NoteFields

VERSION = instructions("notes").version
LONGEST = 2_000


class Reading(NoteFields):
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


async def read(model: Asker, note: str, categories: Collection[str], colours: Collection[str]) -> FixNote:
    """The note as fields. Raises what `agents.llm.ModelSession.ask` raises."""
    kinds, shades = (
        {plain(category): category for category in categories},
        {plain(colour): colour for colour in colours},
    )
    text = foreign(note, LONGEST)

    def check(answer: Reading) -> list[str]:
        strange = {
            "must_have": [each for each in answer.must_have if plain(each) not in kinds],
            "exclude_categories": [category for category in answer.exclude_categories if plain(category) not in kinds],
            "exclude_colours": [colour for colour in answer.exclude_colours if plain(colour) not in shades],
            "colours": [colour for colour in answer.colours if plain(colour) not in shades],
        }
        faults = [f"{field}: not words of the catalogue" for field, words in strange.items() if words]
        if {plain(each) for each in answer.must_have} & {plain(category) for category in answer.exclude_categories}:
            faults.append("must_have: a category is excluded as well")
        for field in ("budget", "item_cap"):
            amount = getattr(answer, field)
            if amount is not None and f"{amount:f}".removesuffix(".00") not in text.replace(",", ""):
                faults.append(f"{field}: the note does not state this amount")
        return faults

    data = quoted("catalogue", {"categories": sorted(categories), "colours": sorted(colours)})
    asked = instructions("notes").about(f"{quoted('note', text)}\n{data}")
    said = (await model.ask(asked, Reading, check)).value
    fields = NoteFields(
        must_have=tuple(kinds[plain(each)] for each in said.must_have),
        exclude_categories=tuple(kinds[plain(category)] for category in said.exclude_categories),
        exclude_colours=tuple(shades[plain(colour)] for colour in said.exclude_colours),
        colours=tuple(shades[plain(colour)] for colour in said.colours),
        budget=said.budget,
        item_cap=said.item_cap,
    )
    return FixNote(fields=fields, by="model", said=said_of(fields))
