"""Find the amounts of a note: budgets in all and per piece, sizes, and numbers of pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from domain.fixes.reading.clauses import Clause
from domain.fixes.reading.phrases import PhraseList, list_numbers
from domain.fixes.reading.tokens import Token
from domain.fixes.reading.vocabulary import Language, PhraseMark

LEAST_MONEY: Final = 10
"""A smaller bare number is no amount of money."""
LARGEST_SIZE: Final = 62
MOST_MONEY: Final = 1_000_000
_DASHES: Final = frozenset({"\u2013", "\u2014", "-"})


class Amount(NamedTuple):
    """An amount of money. `scope`: per piece, in all, or not said; `category`: of the pieces it is said of."""

    value: str
    start: int
    end: int
    scope: Literal["item", "total", ""]
    category: str
    clause: int


class NumberSpan(NamedTuple):
    """A number in figures or words: the tokens from `start` to `end`."""

    value: Decimal
    start: int
    end: int


def parse_number(text: str) -> Decimal:
    """Parse a number with any usual signs for thousands and decimals."""
    bare = text.replace(" ", "").replace("'", "")
    last = max(bare.rfind(","), bare.rfind("."))
    whole, part = (bare, "") if last < 0 or len(bare) - last - 1 == 3 else (bare[:last], bare[last + 1 :])
    return Decimal(re.sub(r"[.,]", "", whole) + (f".{part}" if part else ""))


class AmountFinder:
    """Finds amounts of money in the clauses of one note."""

    def __init__(
        self, language: Language, tokens: Sequence[Token], clauses: Sequence[Clause], marks: Sequence[PhraseMark]
    ) -> None:
        self._language, self._tokens, self._clauses, self._marks = language, tokens, clauses, marks
        self._numbers = list(list_numbers_of(language, tokens))
        money = language.words.get("money", {})
        self._wear = PhraseList(language, language.words.get("sizes", {}).get("wear", ()))
        self._lists = {name: PhraseList(language, entries) for name, entries in money.items()}

    @property
    def numbers(self) -> Sequence[NumberSpan]:
        """The numbers of the note, in figures or words."""
        return self._numbers

    def find_amounts(self) -> list[Amount]:
        """Find the amounts of money, in order."""
        closing = [number for number in self._numbers if not self._opens_range(number)]
        return [amount for number in closing if (amount := self._read_money(number)) is not None]

    def _opens_range(self, number: NumberSpan) -> bool:
        """Return whether a larger number follows at once: 50 to 80, 50-80."""
        following = next((other for other in self._numbers if other.start >= number.end), None)
        if following is None or following.value <= number.value or number.value < LEAST_MONEY:
            return False
        between = self._tokens[number.end : following.start]
        return len(between) <= 2 and all(
            token.kind in ("money", "join")
            or token.text in ("\u2013", "\u2014", "-")
            or token.text in self._lists["range"].words
            for token in between
        )

    def _read_money(self, number: NumberSpan) -> Amount | None:
        clause = next((at for at, entry in enumerate(self._clauses) if entry.start <= number.start < entry.end), None)
        if clause is None or number.value > MOST_MONEY:
            return None
        start, end = self._take_currency(number)
        clause_span = self._clauses[clause].start, self._clauses[clause].end
        signed = (start, end) != (number.start, number.end)
        before, over = self._find_most(start, self._clauses[clause])
        after = self._lists["after"].match_from(self._tokens, end)
        window = self._list_window(number, self._clauses[clause])
        per_piece = any(self._lists[name].is_within(self._tokens, *window) for name in ("item", "total"))
        if number.value < 1 or not (before or after or per_piece or (signed and self._is_alone(window, number))):
            return None
        if not signed and number.value <= LARGEST_SIZE and self._wear.is_within(self._tokens, *clause_span):
            return None  # "je fais entre 42 et 44" is of sizes
        if not signed and (number.value < LEAST_MONEY or self._has_unit(end) or self._has_category(end)):
            return None
        scope = self._find_scope(window, clause, over)
        category = self._find_category(window, number) if not scope or scope == "item" else ""
        if not scope and category:
            scope = "item"
        value = f"{number.value.normalize():f}"
        return Amount(value, start - before, end + after, scope, category, clause)

    def _is_alone(self, window: tuple[int, int], number: NumberSpan) -> bool:
        """Return whether nothing unknown stands beside an amount: "about 80 euros", not "set the price to 80 euros"."""
        known = {place for mark in self._marks for place in range(mark.start, mark.end)}
        places = set(range(*window)) - known - set(range(number.start, number.end))
        words = self._language.small | self._lists["currency"].words | self._lists["about"].words
        return all(self._tokens[place].kind != "word" or self._tokens[place].text in words for place in places)

    def _take_currency(self, number: NumberSpan) -> tuple[int, int]:
        start, end = number.start, number.end
        if start > 0 and self._is_currency(start - 1):
            start -= 1
        if end < len(self._tokens) and self._is_currency(end):
            end += 1
        return start, end

    def _is_currency(self, place: int) -> bool:
        token = self._tokens[place]
        return token.kind == "money" or bool(self._lists["currency"].match_from(self._tokens, place))

    def _find_most(self, start: int, clause: Clause) -> tuple[int, bool]:
        """Return how many tokens before an amount say that it is the most, and whether they say it of any piece."""
        for back in range(6):
            end = start - back
            if over := self._lists["none_over"].match_up_to(self._tokens, end):
                return back + over, True
            if most := self._lists["most"].match_up_to(self._tokens, end):
                return back + most, False
            if end - 1 < 0 or not self._may_skip(end - 1, clause):
                break
        return 0, False

    def _may_skip(self, place: int, clause: Clause) -> bool:
        token = self._tokens[place]
        if token.text == ":" or token.kind == "money":
            return True
        words = (*self._lists["about"].words, *self._lists["skip"].words, *self._lists["currency"].words)
        return place >= clause.start and (token.text in words or token.kind == "number")

    def _has_unit(self, end: int) -> bool:
        return bool(self._lists["units"].match_from(self._tokens, end))

    def _has_category(self, end: int) -> bool:
        """Return whether a category comes right after: "under 3 dresses"."""
        return any(mark.start == end and any(t.kind == "category" for t in mark.meaning.things) for mark in self._marks)

    def _list_window(self, number: NumberSpan, clause: Clause) -> tuple[int, int]:
        """Return the tokens that speak of a number: those around it up to the next "and" or number."""
        joints = {
            place for mark in self._marks if mark.meaning.cue in ("and", "but") for place in range(mark.start, mark.end)
        } | {place for place, token in enumerate(self._tokens) if token.kind == "join"}
        low, high = number.start, number.end
        others = {place for span in self._numbers if span != number for place in range(span.start, span.end)}
        while low > clause.start and low - 1 not in joints and low - 1 not in others:
            low -= 1
        while high < clause.end and high not in joints and high not in others:
            high += 1
        return low, high

    def _find_scope(self, window: tuple[int, int], clause: int, over: bool) -> Literal["item", "total", ""]:
        after = clause + 1
        windows = [window]
        if after < len(self._clauses) and not self._clauses[after].first and self._is_empty(self._clauses[after]):
            windows.append((self._clauses[after].start, self._clauses[after].end))
        if clause > 0 and not self._clauses[clause].first and self._is_empty(self._clauses[clause - 1]):
            windows.append((self._clauses[clause - 1].start, self._clauses[clause - 1].end))
        for low, high in windows:
            if self._lists["item"].is_within(self._tokens, low, high):
                return "item"
            if self._lists["total"].is_within(self._tokens, low, high):
                return "total" if not self._find_category((low, high), None) or not over else "item"
        return "item" if over else ""

    def _is_empty(self, clause: Clause) -> bool:
        inside = [mark for mark in self._marks if clause.start <= mark.start < clause.end]
        number = any(clause.start <= span.start < clause.end for span in self._numbers)
        return not number and not any(mark.meaning.things for mark in inside)

    def _find_category(self, window: tuple[int, int], number: NumberSpan | None) -> str:
        """Find the category that a number is said of: the last on its side of an "or", else the last in the window."""
        low, high = window
        names = self._list_categories(low, high)
        if number is not None:
            ors = [mark.start for mark in self._marks if mark.meaning.cue == "or" and low <= mark.start < high]
            low = max((place for place in ors if place < number.start), default=low)
            high = min((place for place in ors if place >= number.end), default=high)
        return (self._list_categories(low, high) or names or [""])[-1]

    def _list_categories(self, low: int, high: int) -> list[str]:
        inside = (mark for mark in self._marks if low <= mark.start < high)
        return [thing.value for mark in inside for thing in mark.meaning.things if thing.kind == "category"]


def list_numbers_of(language: Language, tokens: Sequence[Token]) -> Iterator[NumberSpan]:
    """List the numbers in figures and in words, in order."""
    place = 0
    while place < len(tokens):
        token = tokens[place]
        length, value = list_numbers(language, tokens, place)
        if token.kind == "number":
            yield NumberSpan(parse_number(token.text), place, place + 1)
            length = 1
        elif length:
            yield NumberSpan(Decimal(value), place, place + length)
        place += max(1, length)
