"""Find the sizes of a note, and how many pieces of a category are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from domain.fixes.reading.amounts import NumberSpan
from domain.fixes.reading.clauses import Clause
from domain.fixes.reading.phrases import PhraseList
from domain.fixes.reading.tokens import Token
from domain.fixes.reading.vocabulary import Language, PhraseMark

_LETTERS: Final = re.compile(r"^(?:x{1,3}s|x{1,4}l|[2-5]xl)$")
_SHORT: Final = frozenset({"s", "m", "l"})
_NUMBERS: Final = range(4, 63)
_BARE_NUMBERS: Final = range(22, 63)
_PLAIN_NUMBERS: Final = range(34, 63)
_LENGTHS: Final = range(26, 41)
FURTHEST: Final = 4
MOST_PIECES: Final = 9


class SizeMention(NamedTuple):
    """A size, the tokens that say it, and the category that it is said of."""

    value: str
    start: int
    end: int
    category: str


class QuantityMention(NamedTuple):
    """How many pieces of a category: the tokens from `start` to `end`."""

    pieces: int
    category: str
    start: int
    end: int


class SizeFinder:
    """Finds sizes in the clauses of one note. `taken`: tokens that belong to amounts of money."""

    def __init__(
        self, language: Language, note: str, tokens: Sequence[Token], marks: Sequence[PhraseMark], taken: frozenset[int]
    ) -> None:
        words = language.words.get("sizes", {})
        self._note, self._tokens, self._marks, self._taken = note, tokens, marks, taken
        self._cue = PhraseList(language, words.get("cue", ()))
        self._shoes = PhraseList(language, words.get("shoes", ()))
        self._names: dict[str, str] = {name: next(iter(v)).upper() for name, v in words.get("words", {}).items()}
        self._weak = PhraseList(language, words.get("weak", ()))
        self._halves = PhraseList(language, words.get("halves", ()))
        self._wear = PhraseList(language, words.get("wear", ()))
        self._units = PhraseList(language, language.words.get("money", {}).get("units", ()))
        self._skip = language.small

    def find_sizes(self, clauses: Sequence[Clause]) -> Iterator[SizeMention]:
        """Find the sizes, in order; each with the category of its clause that stands after a cue, or right before."""
        for clause in clauses:
            place = clause.start
            while place < clause.end:
                shoes = self._shoes.match_from(self._tokens, place)
                cue = shoes or self._cue.match_from(self._tokens, place)
                values = list(self._list_values(place + cue, clause)) if cue else []
                if not values and (weak := self._weak.match_from(self._tokens, place)):
                    values = [entry for entry in self._list_values(place + weak, clause) if _is_plain(entry[0])]
                if not values and not cue and (bare := self._read_bare(place, clause)):
                    letters = not bare[0].isdigit()
                    values = [bare, *(self._list_values(bare[2], clause, joined=True) if letters else ())]
                for value, start, end in values:
                    yield SizeMention(value, min(start, place), end, "shoes" if shoes else self._find_category(clause))
                place = max((end for *_, end in values), default=place + 1)

    def tells_size(self, clause: Clause) -> bool:
        """Return whether a clause only tells what the client wears: "I wear M in tops"."""
        return self._wear.is_within(self._tokens, clause.start, clause.end)

    def _list_values(self, place: int, clause: Clause, *, joined: bool = False) -> Iterator[tuple[str, int, int]]:
        """List the sizes after a cue: "size M", "size 38 or 40"."""
        limit = min(clause.end, place + FURTHEST)
        while place < limit:
            token = self._tokens[place]
            value, end = self._read_value(place, clause)
            if value and (not joined or token.kind != "word" or value):
                yield value, place, end
                place, joined, limit = end, True, min(clause.end, end + 3)
            elif token.kind == "join" or token.text in self._skip:
                place += 1
            else:
                return

    def _read_value(self, place: int, clause: Clause) -> tuple[str, int]:
        token = self._tokens[place]
        for name, value in self._names.items():
            words = name.split()
            if [entry.text for entry in self._tokens[place : place + len(words)]] == words:
                return value, place + len(words)
        if place in self._taken:
            return "", place
        if token.kind == "number" and token.text.isdigit() and place + 1 < clause.end:
            following = self._tokens[place + 1]
            if following.start == token.end and _LETTERS.match(token.text + following.text):
                return _name_letters(token.text + following.text), place + 2
        if token.kind == "word" and (_LETTERS.match(token.text) or token.text in _SHORT):
            return token.text.upper(), place + 1
        is_size = token.kind == "number" and token.text.isdigit() and int(token.text) in _NUMBERS
        return (token.text, place + 1) if is_size and not self._has_unit(place + 1) else ("", place)

    def _has_unit(self, place: int) -> bool:
        return bool(self._units.match_from(self._tokens, place)) or (
            place < len(self._tokens) and self._tokens[place].kind == "money"
        )

    def _read_bare(self, place: int, clause: Clause) -> tuple[str, int, int] | None:
        """Read a size without a cue: XL, a capital M beside a category, or a number right after a category."""
        token = self._tokens[place]
        if place in self._taken:
            return None
        if token.kind == "word" and _LETTERS.match(token.text):
            return token.text.upper(), place, place + 1
        if measure := (
            self._read_waist(place, clause) or self._read_pair(place, clause) or self._read_half(place, clause)
        ):
            return measure
        if place + 1 == clause.end and place == clause.start and self._is_size_alone(token):
            return token.text.upper(), place, place + 1
        if token.kind == "number" and place + 1 < clause.end:
            value, end = self._read_value(place, clause)
            if _LETTERS.match(value.lower()):
                return value, place, end
        near = self._find_category(clause)
        capital = token.text in _SHORT and self._note[token.start : token.end].isupper()
        if capital and near and (token.end >= len(self._note) or self._note[token.end] not in "'’."):
            return token.text.upper(), place, place + 1
        if token.kind == "number" and token.text.isdigit() and int(token.text) in _BARE_NUMBERS:
            follows = any(mark.end == place and _names_category(mark) for mark in self._marks)
            if (follows or self.tells_size(clause)) and not self._has_unit(place + 1):
                return token.text, place, place + 1
        return None

    def _read_waist(self, place: int, clause: Clause) -> tuple[str, int, int] | None:
        """Read the waist of trousers: W34, 34 waist."""
        if place + 1 >= clause.end:
            return None
        first, second = self._tokens[place], self._tokens[place + 1]
        if first.text == "w" and second.kind == "number" and second.start == first.end:
            length = self._tokens[place + 2 : place + 4]
            has_length = len(length) == 2 and length[0].text == "l" and length[1].kind == "number"
            return second.text, place, place + (4 if has_length else 2)
        return (first.text, place, place + 2) if first.kind == "number" and second.text == "waist" else None

    def _read_pair(self, place: int, clause: Clause) -> tuple[str, int, int] | None:
        """Read the waist of waist and length, 32/34, and the number of a jacket, 42R."""
        first, *rest = self._tokens[place : min(clause.end, place + 3)]
        if first.kind != "number" or not first.text.isdigit() or not rest or int(first.text) not in _BARE_NUMBERS:
            return None
        if rest[0].text in ("r", "l", "s") and rest[0].start == first.end:
            return first.text, place, place + 2
        length = rest[1].text if len(rest) > 1 and rest[0].text == "/" else ""
        return (first.text, place, place + 3) if length.isdigit() and int(length) in _LENGTHS else None

    def _read_half(self, place: int, clause: Clause) -> tuple[str, int, int] | None:
        """Read a size for above or below the waist: "M on top, 42 at the bottom"."""
        token = self._tokens[place]
        value, end = self._read_value(place, clause)
        following = self._halves.match_from(self._tokens, end) if value and end <= clause.end else 0
        capital = token.kind == "number" or self._note[token.start : token.end].isupper()
        return (value, place, end) if following and capital else None

    def _is_size_alone(self, token: Token) -> bool:
        """Return whether a clause of one word is a size: "dark wash, 28", "slim, M"."""
        if token.kind == "number":
            return token.text.isdigit() and int(token.text) in _BARE_NUMBERS
        return token.text in _SHORT and self._note[token.start : token.end].isupper()

    def _find_category(self, clause: Clause) -> str:
        names = [
            thing.value
            for mark in self._marks
            if clause.start <= mark.start < clause.end
            for thing in mark.meaning.things
            if thing.kind == "category"
        ]
        return names[0] if len(set(names)) == 1 else ""


def _is_plain(value: str) -> bool:
    """Return whether a size after a weak cue, such as "in", is one: no small number."""
    return not value.isdigit() or int(value) in _PLAIN_NUMBERS


def _name_letters(value: str) -> str:
    """Name a size of letters, 2XL as XXL."""
    count = int(value[0])
    return "X" * count + value[2:].upper() if count in (2, 3) else value.upper()


def _names_category(mark: PhraseMark) -> bool:
    return any(thing.kind == "category" for thing in mark.meaning.things)


def find_quantities(
    numbers: Sequence[NumberSpan],
    tokens: Sequence[Token],
    marks: Sequence[PhraseMark],
    fillers: frozenset[str],
    taken: frozenset[int],
) -> Iterator[QuantityMention]:
    """Find numbers of pieces: "two warm jumpers"."""
    by_start = {mark.start: mark for mark in marks}
    for number in numbers:
        if number.start in taken or not 1 <= number.value <= MOST_PIECES or number.value % 1:
            continue
        before = [other for other in numbers if 0 < number.start - other.end <= 1 and other.value < number.value]
        least = before[0] if before else number  # "2 or 3 shirts"
        place = number.end
        while place < min(len(tokens), number.end + FURTHEST):
            mark = by_start.get(place)
            if mark is not None and _names_category(mark):
                name = next(thing.value for thing in mark.meaning.things if thing.kind == "category")
                yield QuantityMention(int(least.value), name, number.start, mark.end)
                break
            if mark is None and tokens[place].text not in fillers:
                break
            if mark is not None and not mark.meaning.things:
                break
            place = mark.end if mark is not None else place + 1
