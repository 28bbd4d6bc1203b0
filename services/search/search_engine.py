"""What search needs of an engine that holds the texts: another one than ours may take its place behind this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from domain.search.clauses import Facet, SearchClause
from models.base import ItemId
from models.search_requests import SearchSort

Number: TypeAlias = Literal["price", "sustainability"]
"""What an item is described by in numbers: cents; thousandths."""


class ItemDocument(NamedTuple):
    """An item as the engine holds it.

    `title`, `about` (category, brand, colour and the like) and `description`: texts, in the order of their weight.
    `facets`: the values to filter and count by, as compared. `added`: epoch seconds. `sustainability`: thousandths.
    """

    item_id: ItemId
    title: str
    about: str
    description: str
    facets: Mapping[Facet, tuple[str, ...]]
    stocked: bool
    price: int
    added: int
    sustainability: int | None


class Narrowing(NamedTuple):
    """Which items may be found. `facets`: of each the values of which one is enough. `numbers`: least and most of each,
    both included; None: open."""

    facets: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    numbers: tuple[tuple[Number, int | None, int | None], ...] = ()
    stocked: bool = True


class EngineQuestion(NamedTuple):
    """A search. `least`: of the required clauses so many must be answered. `n`, `offset`: which part of the result."""

    clauses: tuple[SearchClause, ...]
    least: int
    narrowing: Narrowing
    sort: SearchSort
    n: int
    offset: int


class FoundNumbers(NamedTuple):
    """What was found: how many in all; of the asked part the ids, best first, and how well each answers."""

    total: int
    item_ids: tuple[ItemId, ...]
    answers: tuple[float, ...]


class Range(NamedTuple):
    """From `low`, included, to `high`, not included; None: open."""

    low: int | None
    high: int | None


class Counts(NamedTuple):
    """How many items by the values of facets, most first, and by ranges, in their order."""

    facets: Mapping[Facet, list[tuple[str, int]]]
    ranges: Mapping[Number, list[int]]


class SearchEngine(Protocol):
    """Holds the items of the catalogue. Safe from many threads; one at a time updates."""

    def update(self, documents: Iterable[ItemDocument], gone: Iterable[ItemId] = ()) -> None:
        """Hold these documents in the place of older ones of the same items, and no longer those of `gone`."""

    def find(self, question: EngineQuestion) -> FoundNumbers:
        """Find what answers the question."""

    def count(self, question: EngineQuestion, ranges: Mapping[Number, Sequence[Range]]) -> Counts:
        """Count what would be found by the values of every facet and by these ranges of numbers, each as if the
        question had no filter by it."""

    def learn_words(self, words: Iterable[str]) -> None:
        """Learn words that may be meant though no item holds them, for corrections."""

    def has_word(self, word: str) -> bool:
        """Return whether an item holds the word, or another form of it."""

    def correct_word(self, word: str) -> str | None:
        """Find the word that was meant by one that no item holds; None where none is near."""

    def complete_word(self, begun: str, before: str, n: int) -> list[str]:
        """Complete the last word of a text: those that most items hold which answer to `before`, at most `n`."""

    def find_titles(self, text: str, begun: str, n: int) -> list[ItemId]:
        """Find items in stock whose title holds all words of `text` and one that begins with `begun`."""
