"""Put what was read in a note into a request: the wishes, and the fields that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

from domain.fixes.reading.items import CatalogueWords
from domain.fixes.reading.strengths import ATTRIBUTES
from domain.fixes.reading.vocabulary import Thing
from domain.histories import normalise_word
from models.fixes import FixNote, FixWish, NoteFields
from models.wishes import ClientWish

MOST_MONEY: Final = Decimal(1_000_000)
CENT: Final = Decimal("0.01")
STRICTLY: Final = ("under ", "below ", "less than ", "unter ", "weniger als ", "moins de ", "menos de ", "أقل من ")
"""Words by which an amount itself is too much."""


def build_note(
    wishes: Sequence[ClientWish],
    not_understood: Iterable[str],
    words: CatalogueWords,
    by: Literal["house", "model"],
) -> FixNote:
    """Build what is stored of a note: its wishes, the fields of the request that follow, and both in plain words."""
    return FixNote(
        fields=derive_fields(wishes, words),
        by=by,
        said=explain_wishes(wishes),
        wishes=tuple(wishes),
        not_understood=tuple(not_understood),
    )


def derive_fields(wishes: Iterable[ClientWish], words: CatalogueWords) -> NoteFields:
    """Derive the fields of a request from wishes, in the catalogue's words. Wishes that no field holds stay wishes."""
    every = list(wishes)
    must = [wish for wish in every if wish.strength == "must"]
    unwanted = [wish for wish in every if wish.strength == "avoid" and not wish.category]
    return NoteFields(
        must_have=tuple(_list_must_haves(must, words))[:10],
        exclude_categories=tuple(
            word for word, thing in words.categories.items() if any(_refuses(wish, thing) for wish in unwanted)
        )[:50],
        exclude_colours=tuple(
            word
            for word, value in words.colours.items()
            if any(wish.kind == "colour" and wish.value == value for wish in unwanted)
        )[:50],
        colours=tuple(
            word
            for word, value in words.colours.items()
            if any(w.kind == "colour" and w.value == value and w.strength != "avoid" for w in every)
        )[:10],
        budget=_find_amount(must, "budget_total"),
        item_cap=_find_amount(must, "budget_item"),
    )


def _refuses(wish: ClientWish, category: Thing) -> bool:
    return wish.kind == "category" and wish.value == category.value and wish.detail in ("", category.detail)


def _list_must_haves(must: Iterable[ClientWish], words: CatalogueWords) -> Iterable[str]:
    """List the categories of the catalogue that must be in the box: where a wish leads to exactly one."""
    seen: dict[str, None] = {}
    for wish in must:
        if wish.kind == "category" and not wish.either:
            near = [word for word, thing in words.categories.items() if thing.value == wish.value]
            exact = [word for word in near if wish.detail and words.categories[word].detail == wish.detail]
            found = exact or near
            if len(found) == 1:
                seen.setdefault(found[0])
    return seen


def _find_amount(must: Iterable[ClientWish], kind: str) -> Decimal | None:
    amounts = [
        Decimal(wish.value) - CENT * wish.quote.casefold().startswith(STRICTLY)
        for wish in must
        if wish.kind == kind and not wish.category
    ]
    least = min(amounts, default=None)
    return least if least is not None and least <= MOST_MONEY else None


def name_wish(wish: ClientWish) -> str:
    """Name a wish in plain words, such as "warm knitwear"."""
    value = wish.value.replace("_", " ")
    match wish.kind:
        case "category":
            return f"{value} ({wish.detail})" if wish.detail else value
        case "budget_total":
            return f"at most {value} in all"
        case "budget_item":
            return f"at most {value} for {wish.category or 'one piece'}"
        case "size":
            return f"size {value}" + (f" in {wish.category}" if wish.category else "")
        case "goes_with":
            return f"something to go with their {f'{wish.colour} {value}'.strip()}"
        case "surprise":
            return "a surprise"
        case "like_last":
            return "a box like the one before"
        case "occasion":
            return f"something for {'an ' if value == 'interview' else ''}{value}"
        case _:
            return f"{value} {wish.category}".strip()


def explain_wishes(wishes: Sequence[ClientWish]) -> tuple[str, ...]:
    """Explain wishes to the stylist: one sentence for what is wanted, one for what is liked, one for what is not.

    Alternatives are told together, with what is asked of each alone: "red coat or blue jacket".
    """
    sentences = {"must": "Wants {}.", "prefer": "Would like {}.", "avoid": "Does not want {}."}
    return tuple(
        sentence.format("; ".join(_name_all([wish for wish in wishes if wish.strength == strength])))
        for strength, sentence in sentences.items()
        if any(wish.strength == strength for wish in wishes)
    )


def _name_all(wishes: Sequence[ClientWish]) -> Iterable[str]:
    """Name wishes in their order, each once; those of a choice as one."""
    kinds = {wish.value for wish in wishes if wish.either and wish.kind == "category"}
    tied = [wish for wish in wishes if wish.category in kinds and wish.kind in ATTRIBUTES]
    apart = [wish for wish in wishes if wish not in tied]
    return dict.fromkeys(_name_choice(_tie_to_all(wish, apart), apart, tied) for wish in apart)


def _tie_to_all(wish: ClientWish, wishes: Iterable[ClientWish]) -> ClientWish:
    """Tie an amount that is said of several pieces at once to all of them: "at most 90 for coat or jacket"."""
    if wish.kind != "budget_item":
        return wish
    said = (wish.kind, wish.value, wish.quote)
    alike = dict.fromkeys(entry.category for entry in wishes if (entry.kind, entry.value, entry.quote) == said)
    return wish.model_copy(update={"category": " or ".join(alike)})


def _name_choice(wish: ClientWish, wishes: Iterable[ClientWish], tied: Sequence[ClientWish] = ()) -> str:
    """Name a wish with the alternatives to it among `wishes`; of pieces each with what is `tied` to it."""
    choice = [entry for entry in wishes if wish.either and (entry.either, entry.kind) == (wish.either, wish.kind)]
    if wish.kind != "category" or not choice:
        values = dict.fromkeys(entry.value for entry in choice or [wish])
        return name_wish(wish.model_copy(update={"value": " or ".join(values)}))
    names = []
    for piece in choice:
        own = [entry.model_copy(update={"category": ""}) for entry in tied if entry.category == piece.value]
        said = dict.fromkeys(_name_choice(entry, own) for entry in own)
        names.append(" ".join((*said, piece.detail or piece.value)))
    return " or ".join(names)


def merge_note(wish: FixWish, noted: Mapping[str, Any]) -> FixWish:
    """Merge a note as it is stored into the request. What the client stated in a field wins over what was read."""
    fields = NoteFields.model_validate(noted.get("fields", {}))
    wishes = tuple(ClientWish.model_validate(entry) for entry in noted.get("wishes", ()))
    unwanted = {normalise_word(category) for category in (*wish.exclude_categories, *fields.exclude_categories)}
    stated = {normalise_word(category) for category in wish.must_have}
    excluded = [category for category in fields.exclude_categories if normalise_word(category) not in stated]
    must = [category for category in fields.must_have if normalise_word(category) not in unwanted | stated]
    return wish.model_copy(
        update={
            "budget": wish.budget if wish.budget is not None else fields.budget,
            "item_cap": wish.item_cap if wish.item_cap is not None else fields.item_cap,
            "must_have": (*wish.must_have, *must)[: min(10, wish.slots)],
            "exclude_categories": tuple(dict.fromkeys((*wish.exclude_categories, *excluded)))[:50],
            "exclude_colours": tuple(dict.fromkeys((*wish.exclude_colours, *fields.exclude_colours)))[:50],
            "wishes": (*wish.wishes, *(entry for entry in wishes if not _is_overridden(entry, wish)))[:100],
        }
    )


def _is_overridden(read: ClientWish, stated: FixWish) -> bool:
    """Return whether a field of the request says otherwise than a wish of the note."""
    if read.kind == "budget_total":
        return stated.budget is not None
    if read.kind == "budget_item" and not read.category:
        return stated.item_cap is not None
    wanted = {normalise_word(category) for category in stated.must_have}
    return read.kind == "category" and read.strength == "avoid" and read.value in wanted
