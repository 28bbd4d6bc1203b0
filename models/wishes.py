"""Wishes: what a client asks of a box, one thing each, with the words of the note that it came from."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from models.base import ONE_LINE, Contract

WishKind: TypeAlias = Literal[
    "category",
    "occasion",
    "season",
    "warmth",
    "colour",
    "pattern",
    "material",
    "fit",
    "style",
    "brand",
    "budget_total",
    "budget_item",
    "size",
    "surprise",
    "like_last",
    "goes_with",
    "quantity",
]
Strength: TypeAlias = Literal["must", "prefer", "avoid"]
"""Asked for plainly, asked for softly, and not wanted."""
WishWord = Annotated[str, StringConstraints(max_length=64, pattern=ONE_LINE)]
AMOUNTS = ("budget_total", "budget_item")


class ClientWish(Contract):
    """One thing that a client wants or does not want.

    `value`: the catalogue's word where it has one, else the plain English word; an amount in the shop's currency for
    budgets; "2 knitwear" for quantities. `category`: the wish counts for pieces of this category alone. `detail`: the
    narrower word for a category, such as boots for shoes. `colour`: of the thing owned, with `goes_with`. `either`: a
    name for a choice, such as "coat or jacket"; of the wishes of one kind under one name one is enough. `quote`: the
    words of the note.
    """

    kind: WishKind
    value: Annotated[WishWord, Field(min_length=1)]
    strength: Strength = "must"
    quote: Annotated[str, Field(max_length=400)] = ""
    category: WishWord = ""
    detail: WishWord = ""
    colour: WishWord = ""
    either: WishWord = ""

    @model_validator(mode="after")
    def _amount_is_a_number(self) -> Self:
        if self.kind in AMOUNTS and not self.value.replace(".", "", 1).isdigit():
            raise ValueError(f"value: {self.kind} takes a plain number")
        return self

    @model_validator(mode="after")
    def _choice_is_wanted(self) -> Self:
        if self.either and self.strength == "avoid":
            raise ValueError("either: a choice is between things that are wanted")
        return self

    @property
    def key(self) -> str:
        """The wish in short, such as `warmth:warm@knitwear`; by it an item says which wishes it answers."""
        return f"{self.kind}:{self.value}" + (f"@{self.category}" if self.category else "")
