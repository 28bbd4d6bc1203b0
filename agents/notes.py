"""The note reader: turns what a client wrote with a request for a Fix into wishes, as the rules do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from agents.llm import PromptAnswerer
from agents.prompt import clean_foreign_text, load_instructions, quote_data
from domain.fixes.reading.reader import NoteReading, NoteWords, list_values
from domain.histories import normalise_word
from models.wishes import AMOUNTS, ClientWish, Strength, WishKind, WishWord

VERSION = load_instructions("notes").version
MAX_NOTE_CHARACTERS = 2_000
_OPEN_KINDS: Final = frozenset({*AMOUNTS, "size", "brand", "quantity"})
"""Kinds whose values are no fixed list: they must stand in the note."""
_WHOLE_KINDS: Final = frozenset({"surprise", "like_last"})


class WishAnswer(BaseModel):
    """One wish, as the model states it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: WishKind
    value: Annotated[WishWord, Field(min_length=1)] = Field(description="One of the listed values of its kind.")
    strength: Strength
    quote: str = Field(min_length=1, max_length=400, description="The exact words of the note.")
    category: WishWord = Field(default="", description="The category that it is said of, where it is said of one.")
    colour: WishWord = Field(default="", description="With goes_with: the colour of the thing owned.")
    either: WishWord = Field(default="", description="With alternatives: one name for all of them.")


class NoteAnswer(BaseModel):
    """What the note asks for."""

    model_config = ConfigDict(extra="forbid", title="NoteWishes", hide_input_in_errors=True)

    wishes: tuple[WishAnswer, ...] = Field(default=(), max_length=60)
    not_understood: tuple[str, ...] = Field(default=(), max_length=20, description="Exact words that stay unclear.")


async def read_note(
    model: PromptAnswerer, note: str, vocabulary: NoteWords, categories: Collection[str]
) -> NoteReading:
    """Read the note into wishes. Raises what `agents.llm.ModelSession.ask` raises."""
    text = clean_foreign_text(note, MAX_NOTE_CHARACTERS)
    values = list_values(vocabulary)
    values["category"] = sorted({*values["category"], *map(normalise_word, categories)})

    def check(answer: NoteAnswer) -> list[str]:
        return list(_list_faults(answer, text, values))

    data = quote_data("values", {kind: names for kind, names in values.items() if kind not in _OPEN_KINDS})
    prompt = load_instructions("notes").build_prompt(f"{quote_data('note', text)}\n{data}")
    reply = (await model.ask(prompt, NoteAnswer, check)).value
    wishes = (ClientWish.model_validate(wish.model_dump()) for wish in reply.wishes)
    return NoteReading(tuple(wishes), reply.not_understood)


def _list_faults(answer: NoteAnswer, text: str, values: Mapping[str, Collection[str]]) -> Iterator[str]:
    """List what an answer says beyond the note or the listed values."""
    told = text.casefold()
    for number, wish in enumerate(answer.wishes):
        if wish.quote.casefold() not in told:
            yield f"wishes[{number}].quote: not words of the note"
        if wish.kind in _OPEN_KINDS:
            yield from _list_open_faults(number, wish, told)
        elif wish.value not in (("yes",) if wish.kind in _WHOLE_KINDS else values.get(wish.kind, ())):
            yield f"wishes[{number}].value: not a listed value of {wish.kind}"
        if wish.either and wish.strength == "avoid":
            yield f"wishes[{number}].either: it is not wanted"
        if wish.category and wish.category not in values["category"]:
            yield f"wishes[{number}].category: not a listed category"
    wanted = {(wish.kind, wish.value, wish.category) for wish in answer.wishes if wish.strength != "avoid"}
    if any((wish.kind, wish.value, wish.category) in wanted for wish in answer.wishes if wish.strength == "avoid"):
        yield "wishes: one is wanted and not wanted"
    if any(words.casefold() not in told for words in answer.not_understood):
        yield "not_understood: not words of the note"


def _list_open_faults(number: int, wish: WishAnswer, told: str) -> Iterator[str]:
    if wish.kind in AMOUNTS:
        if not wish.value.replace(".", "", 1).isdigit():
            yield f"wishes[{number}].value: not a plain number"
        elif wish.value.removesuffix(".00") not in told.replace(",", ""):
            yield f"wishes[{number}].value: the note does not state this amount"
    elif wish.kind != "quantity" and wish.value.casefold() not in told:
        yield f"wishes[{number}].value: not words of the note"
    elif wish.kind == "quantity" and not wish.value.partition(" ")[0].isdigit():
        yield f"wishes[{number}].value: begins with no number"
