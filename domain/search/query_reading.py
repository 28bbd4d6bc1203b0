"""Read what somebody typed into a search field: correct words that nothing holds, and add what means the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from domain.fixes.reading.items import CatalogueWords
from domain.fixes.reading.reader import NoteWords, choose_language
from domain.fixes.reading.tokens import Token, fold_text, split_into_tokens
from domain.fixes.reading.vocabulary import Language, PhraseMark, Thing
from domain.search.clauses import Alternative, Facet, SearchClause

MOST_WORDS: Final = 12
MEANING: Final = 0.8
"""How much an item counts that is what a word means, beside one that says the word."""
SAME: Final = 0.9
"""How much an item counts that says another word for the same thing."""
MOST_SAME: Final = 8
SHORTEST_CORRECTED: Final = 3

Synonyms: TypeAlias = Mapping[Thing, Sequence[str]]
"""The phrases for each thing."""


class KnownWords(Protocol):
    """The words of the catalogue, as an index knows them."""

    def has_word(self, word: str) -> bool:
        """Return whether an item holds the word, or another form of it."""

    def correct_word(self, word: str) -> str | None:
        """Find the word that was meant; None where none is near."""


class SearchWords(NamedTuple):
    """The words in which searches are read, and what the categories and colours of the shop mean in them."""

    languages: NoteWords
    catalogue: CatalogueWords
    synonyms: Synonyms


class ReadSearch(NamedTuple):
    """A search as it was read. `corrected`: words that nothing holds, and what stands in their place."""

    clauses: tuple[SearchClause, ...]
    corrected: dict[str, str]


def build_words(languages: NoteWords, catalogue: CatalogueWords) -> SearchWords:
    """Build the words in which searches are read."""
    synonyms: dict[Thing, dict[str, None]] = {}
    for language in languages.languages:
        for phrase, things in language.list_plain_phrases():
            for thing in things if len(things) == 1 else ():
                synonyms.setdefault(thing, {})[phrase] = None
    return SearchWords(languages, catalogue, {thing: tuple(phrases) for thing, phrases in synonyms.items()})


def read_search(text: str, words: SearchWords, known: KnownWords) -> ReadSearch:
    """Read a search: a clause for each word or phrase, in the order in which they were typed."""
    tokens = _list_words(text)
    language = choose_language(tokens, words.languages)
    corrected = {token.text: better for token in tokens if (better := _correct(token, language, known))}
    if corrected:
        tokens = _list_words(" ".join(corrected.get(token.text, token.text) for token in tokens))
        language = choose_language(tokens, words.languages)
    marks = language.find_marks(tokens) if language is not None else []
    clauses = tuple(_build_clauses(tokens, marks, words, language, known))
    return ReadSearch(clauses, corrected)


def _list_words(text: str) -> list[Token]:
    return [token for token in split_into_tokens(text) if token.kind in ("word", "number")][:MOST_WORDS]


def _correct(token: Token, language: Language | None, known: KnownWords) -> str | None:
    """Find what was meant by a word that neither the catalogue nor the language knows."""
    if token.kind != "word" or len(token.text) < SHORTEST_CORRECTED or known.has_word(token.text):
        return None
    if language is not None and (token.text in language.small or language.find_marks([token])):
        return None
    return known.correct_word(token.text)


def _build_clauses(
    tokens: Sequence[Token],
    marks: Sequence[PhraseMark],
    words: SearchWords,
    language: Language | None,
    known: KnownWords,
) -> Iterator[SearchClause]:
    starts = {mark.start: mark for mark in marks}
    place = 0
    while place < len(tokens):
        mark = starts.get(place)
        end = mark.end if mark is not None else place + 1
        text = " ".join(token.text for token in tokens[place:end])
        things = [thing for thing in mark.meaning.things if not thing.opposite] if mark is not None else []
        if things:
            alternatives = (Alternative(text), *_list_meanings(text, things, words, known))
            yield SearchClause(tuple(dict.fromkeys(alternatives)))
        else:
            yield from (_build_plain(token.text, language, known) for token in tokens[place:end])
        place = end


def _build_plain(word: str, language: Language | None, known: KnownWords) -> SearchClause:
    """Build the clause of a word without a meaning: small words such as "for" and unknown numbers are asked of
    nothing."""
    small = language is not None and word in language.small
    return SearchClause((Alternative(word),), required=not small and (known.has_word(word) or not word[0].isdigit()))


def _list_meanings(text: str, things: Sequence[Thing], words: SearchWords, known: KnownWords) -> Iterator[Alternative]:
    for thing in things:
        same = [phrase for phrase in words.synonyms.get(thing, ()) if phrase != text and _is_held(phrase, known)]
        yield from (Alternative(phrase, boost=SAME) for phrase in same[:MOST_SAME])
        if not thing.detail or not (same or _is_held(text, known)):
            yield from (Alternative(value, facet, MEANING) for facet, value in _list_values(thing, words))


def _is_held(phrase: str, known: KnownWords) -> bool:
    return all(known.has_word(word) for word in phrase.split())


def _list_values(thing: Thing, words: SearchWords) -> Iterator[tuple[Facet, str]]:
    """List the values of the shop's items that a thing stands for."""
    if thing.kind == "category":
        yield from (
            ("category", fold_text(name))
            for name, meant in words.catalogue.categories.items()
            if meant.value == thing.value and meant.detail in ("", thing.detail)
        )
    elif thing.kind == "colour":
        yield from (
            ("colour", fold_text(name)) for name, meant in words.catalogue.colours.items() if meant == thing.value
        )
    elif thing.kind in ("material", "occasion", "season", "brand"):
        yield thing.kind, fold_text(thing.value)
