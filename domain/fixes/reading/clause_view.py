"""See what a clause is: an entry of a list, a whole sentence, a request; and what stands beside a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.fixes.reading.clauses import Clause
from domain.fixes.reading.tokens import Token
from domain.fixes.reading.vocabulary import Language, PhraseMark

RELATIVE: Final = frozenset({"that", "which", "qui", "que", "التي", "الذي", "اللي"})
"""Words that begin a relative clause without a comma; German has one."""


BARE_REFUSALS: Final = frozenset({"don't", "dont", "not"})
"""Ends of refusals that need a verb."""


class ClauseView:
    """The clauses of one note. `taken`: tokens that belong to amounts and sizes."""

    def __init__(
        self, language: Language, tokens: Sequence[Token], clauses: Sequence[Clause], marks: Sequence[PhraseMark],
        taken: frozenset[int],
    ) -> None:  # fmt: skip
        self._language, self._tokens, self._clauses, self._taken = language, tokens, clauses, taken
        self._marks = {mark.start: mark for mark in marks}
        self._small = language.small
        self._articles = frozenset(language.words.get("articles", ()))
        self._narrowing = frozenset(language.words.get("narrowing", {}).get("words", ()))

    def _is_bare(self, clause: Clause) -> bool:
        """Return whether a clause is an entry of a list: things, small words, and no cue of its own."""
        strong = {"must", "like", "refuse", "not", "neutral", "own", "past", "go_with", "but", "except"}
        marks = self._list_marks(clause)
        cues = [mark for mark in marks if mark.meaning.cue in strong and not self._is_please(mark)]
        return not cues and len(self._list_loose(clause)) <= 1

    def _has_wish_cue(self, clause: Clause) -> bool:
        return any(mark.meaning.cue in ("must", "like", "refuse", "not") for mark in self._list_marks(clause))

    def _is_please(self, mark: PhraseMark) -> bool:
        words = {self._tokens[place].text for place in range(mark.start, mark.end)}
        return words <= set(self._language.words.get("signs", {}).get("please", ()))

    def _asks(self, clause: Clause) -> bool:
        return any(self._is_please(mark) for mark in self._list_marks(clause) if mark.meaning.cue == "must")

    def _joins_later(self, number: int) -> bool:
        """Return whether an "or" closes the list that a clause goes on with: "no jeans, skirts or dresses"."""
        for clause in self._clauses[number:]:
            if (clause.first and clause is not self._clauses[number]) or not self._is_bare(clause):
                return False
            if any(mark.meaning.cue == "or" for mark in self._list_marks(clause)):
                return True
        return False

    def _begins_with_thing(self, clause: Clause) -> bool:
        """Return whether a thing comes at once, after one small word and an "and" or "or" at most."""
        things = [mark.start for mark in self._list_marks(clause) if mark.meaning.things]
        covered = {place for mark in self._list_marks(clause) for place in range(mark.start, mark.end)}
        before = range(clause.start, min(things, default=clause.start))
        return bool(things) and sum(place not in covered for place in before) <= 1

    def _begins_with_article(self, clause: Clause) -> bool:
        return self._tokens[clause.start].text in self._articles

    def _begins_with_number(self, clause: Clause) -> bool:
        """Return whether a clause asks for so many, also after an "and": "no jeans, and two tops"."""
        marks = [mark for mark in self._list_marks(clause) if mark.start == clause.start and mark.meaning.cue == "and"]
        place = marks[0].end if marks else clause.start
        return place < clause.end and self._is_number(self._tokens[place])

    def _is_number(self, token: Token) -> bool:
        return token.kind == "number" or token.text in self._language.words.get("numbers", {})

    def _tells_owned(self, mark: PhraseMark, clause: Clause) -> bool:
        """Return whether a clause says no more than that something is owned: "shoes I already have"."""
        return mark.end == clause.end and not self._list_loose(clause)

    def _refuses_unknown(self, mark: PhraseMark, clause: Clause) -> bool:
        """Return whether a "don't" is of a word that no rule knows and of nothing before it: "with sleeves as I don't
        show my shoulders"."""
        bare = self._tokens[mark.end - 1].text in BARE_REFUSALS
        return bare and mark.end < clause.end and self._is_loose(mark.end)

    def _first_kinds(self, clause: Clause) -> set[str]:
        marks = (mark for mark in self._list_marks(clause) if mark.meaning.things)
        mark = next(marks, None)
        return self._list_group_kinds(mark.start, clause.end) if mark is not None else set()

    def _list_group_kinds(self, start: int, end: int) -> set[str]:
        """List the kinds of things from `start` on that belong together."""
        kinds: set[str] = set()
        place = start
        while place < end:
            mark = self._marks.get(place)
            if mark is not None and mark.meaning.cue:
                break
            if mark is not None:
                kinds |= {thing.kind for thing in mark.meaning.things}
            elif self._tokens[place].kind == "join":
                break
            place = mark.end if mark is not None else place + 1
        return kinds

    def _list_marks(self, clause: Clause) -> list[PhraseMark]:
        return [mark for start, mark in self._marks.items() if clause.start <= start < clause.end]

    def _list_loose(self, clause: Clause) -> list[int]:
        """List the words of a clause that no rule knows."""
        covered = {place for mark in self._list_marks(clause) for place in range(mark.start, mark.end)}
        return [place for place in range(clause.start, clause.end) if place not in covered and self._is_loose(place)]

    def _is_loose(self, place: int) -> bool:
        token = self._tokens[place]
        return token.kind == "word" and place not in self._taken and token.text not in self._small

    def _is_possessed(self, mark: PhraseMark, clause: Clause) -> bool:
        before = self._tokens[max(clause.start, mark.start - 2) : mark.start]
        return bool(before) and any(token.text in self._signs("possessive") for token in before)

    def _is_verbal(self, clause: Clause) -> bool:
        """Return whether a clause is a whole sentence, which tells something, and no list."""
        if any(mark.meaning.cue == "soft" for mark in self._list_marks(clause)):
            return False
        inside = {
            place
            for mark in self._list_marks(clause)
            if mark.meaning.cue in ("go_with", "with_it")
            for place in range(mark.start, mark.end + 1)
        }  # in "sandals to go with it" the last word tells nothing
        places = range(clause.start, self._find_relative(clause))
        return any(self._tokens[place].text in self._signs("verbs") for place in places if place not in inside)

    def _find_relative(self, clause: Clause) -> int:
        """Find where words begin that only describe a thing of the clause: "a dress that does not crease"."""
        first = min((mark.end for mark in self._list_marks(clause) if mark.meaning.things), default=clause.end)
        places = (place for place in range(first, clause.end) if self._begins_relative(place))
        return next(places, clause.end)

    def _begins_relative(self, place: int) -> bool:
        pair = " ".join(token.text for token in self._tokens[place : place + 2])
        return self._tokens[place].text in RELATIVE or pair in self._signs("relative")

    def _count_loose(self, start: int, end: int) -> int:
        covered = {place for mark in self._marks.values() for place in range(mark.start, mark.end)}
        return sum(place not in covered and self._is_loose(place) for place in range(start, end))

    def _signs(self, name: str) -> frozenset[str]:
        return frozenset(self._language.words.get("signs", {}).get(name, ()))

    def _is_length(self, mark: PhraseMark, clause: Clause) -> bool:
        short = clause.end - clause.start <= 4 and not self._list_loose(clause)
        return short or self._tokens[max(0, mark.start - 1)].text in self._signs("too")

    def _follows_small(self, place: int, clause: Clause) -> bool:
        """Return whether a small word that is no article stands right before: "for work", "in navy"."""
        before = self._tokens[place - 1] if place > clause.start else None
        return before is not None and before.text in self._small and before.text not in self._articles

    def _is_narrowed(self, mark: PhraseMark, clause: Clause) -> bool:
        """Return whether an unknown word stands beside a thing, on the side where its language puts adjectives."""
        after = self._language.words.get("signs", {}).get("adjectives") == ["after"]
        if mark.end < clause.end and self._tokens[mark.end].text in self._narrowing:
            return True
        if after:
            return mark.end < clause.end and self._is_loose(mark.end) and mark.end not in self._marks
        before = mark.start - 1
        inside = {place for other in self._marks.values() for place in range(other.start, other.end)}
        return before >= clause.start and self._is_loose(before) and before not in inside
