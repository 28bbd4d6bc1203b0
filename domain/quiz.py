"""The style quiz that clients answer on their own page: its questions, made of what the shop sells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple, cast

import numpy as np

from domain.histories import Quiz
from domain.sizes import rank_size
from domain.wording import format_price
from models.catalogue import Item

MOST: Final = {"categories": 12, "styles": 12, "colours": 15, "sizes": 20}
"""Options of a question; more do not fit a phone's screen."""
BUDGETS: Final = (0.25, 0.5, 0.75, 0.9)
"""Shares of the catalogue that the offered budgets reach."""

ListName = Literal["categories", "styles", "colours", "sizes"]
LISTS: Final[Sequence[ListName]] = ("categories", "styles", "colours", "sizes")
_WORDS: Final = {
    "categories": ("What do you like to wear?", "As many as you like."),
    "styles": ("Which words are yours?", "As many as you like."),
    "colours": ("Which colours do you wear?", "As many as you like."),
    "sizes": ("Which sizes fit you?", "All that you take: tops, trousers, shoes."),
}


class QuizOption(NamedTuple):
    """An answer that may be chosen: `value` is what is stored."""

    value: str
    words: str
    chosen: bool


class QuizQuestion(NamedTuple):
    """A question with its options. `name`: the field of `quiz_answered`; `single`: one of them, not several."""

    name: str
    words: str
    hint: str
    options: tuple[QuizOption, ...]
    single: bool = False


def build_questions(items: Sequence[Item], before: Quiz, currency: str) -> list[QuizQuestion]:
    """Build the questions, with what the client answered before as chosen. One without two options is left out."""
    questions = [_build_list_question(name, items, getattr(before, name)) for name in LISTS]
    budget = QuizQuestion(
        "budget",
        "What do you like to pay for a piece?",
        "Most pieces that we show will cost no more.",
        tuple(_list_budgets(items, before.budget_cents, currency)),
        single=True,
    )
    return [question for question in (*questions, budget) if len(question.options) > 1]


def _build_list_question(name: ListName, items: Sequence[Item], chosen: Sequence[str]) -> QuizQuestion:
    counts = Counter(word for item in items for word in _list_words(name, item))
    offered = [word for word, _ in counts.most_common(MOST[name])]
    if name == "sizes":
        offered.sort(key=rank_size)
    words = dict.fromkeys([*offered, *chosen])  # what the client said before stays, though we sell none of it now
    return QuizQuestion(name, *_WORDS[name], tuple(QuizOption(word, _write(word), word in chosen) for word in words))


def _list_words(name: ListName, item: Item) -> Iterable[str]:
    match name:
        case "categories":
            return (item.category,) if item.category else ()
        case "colours":
            return (item.colour,) if item.colour else ()
        case "styles":
            return item.tags
        case "sizes":
            return item.sizes


def _write(word: str) -> str:
    return word[:1].upper() + word[1:]


def _list_budgets(items: Sequence[Item], chosen_cents: int | None, currency: str) -> Iterable[QuizOption]:
    """List prices below which a quarter, half, and so on of the catalogue lies, in round numbers."""
    prices = [item.price_cents for item in items if item.price_cents > 0]
    if not prices:
        return
    cents = {_round_up(int(price)) for price in np.quantile(prices, BUDGETS)} | ({chosen_cents} - {None})
    for amount in sorted(cast(set[int], cents)):
        words = format_price(amount, currency).removesuffix(".00")
        yield QuizOption(str(Decimal(amount) / 100), f"Up to {words}", amount == chosen_cents)
    yield QuizOption("", "It depends", False)


def _round_up(cents: int) -> int:
    """Round up to a price that people name: two digits, then zeros."""
    step = max(100, 5 * int(10 ** (len(str(cents)) - 2)))
    return -(-cents // step) * step
