"""The vocabulary of a language: phrases for things that can be wished for, and cues that say how they are meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, get_args

from domain.fixes.reading.tokens import Token, fold_text, split_into_tokens
from models.wishes import WishKind

KINDS: Final = frozenset(get_args(WishKind))
SHORTEST_STEM: Final = 3


class Thing(NamedTuple):
    """Something that can be wished for. `detail`: the narrower word for a category; `opposite`: who wants the phrase
    does not want this, as "knee length or longer" is not short."""

    kind: WishKind
    value: str
    detail: str = ""
    opposite: bool = False


class Meaning(NamedTuple):
    """What a phrase means: things, or a cue."""

    things: tuple[Thing, ...] = ()
    cue: str = ""


class PhraseMark(NamedTuple):
    """A phrase found in a note: the tokens from `start` to `end`, and what they mean."""

    start: int
    end: int
    meaning: Meaning


class _Phrase(NamedTuple):
    """The words of a phrase: stems, or where `exact` the words as they are; "_" is any word."""

    words: tuple[str, ...]
    exact: tuple[bool, ...]
    meaning: Meaning


@dataclass(eq=False)
class Language:
    """The phrases of one language, and how its words are inflected.

    `endings`: pairs of an ending and what stands for it in the stem, the first that fits counts. `prefixes`: particles
    written together with the next word. `heads`: the last parts of compounds, by stem.
    """

    name: str
    endings: Sequence[tuple[str, str]] = ()
    prefixes: Sequence[str] = ()
    compounds: bool = False
    conjunction: str = ""
    """An "and" that is written together with the next word."""
    words: Mapping[str, Any] = field(default_factory=dict)
    """Lists of plain words and phrases by their use, such as `small` or `money.most`."""
    phrases: dict[str, list[_Phrase]] = field(default_factory=dict)
    heads: dict[str, Meaning] = field(default_factory=dict)

    @cached_property
    def small(self) -> frozenset[str]:
        """The small words by which a language is known, articles among them."""
        return frozenset(self.words.get("small", ())) | frozenset(self.words.get("articles", ()))

    def stem(self, word: str) -> str:
        """Return the stem of a folded word."""
        for ending, stands in self.endings:
            if word.endswith(ending) and len(word) - len(ending) + len(stands) >= SHORTEST_STEM:
                return word.removesuffix(ending) + stands
        return word

    def list_forms(self, word: str) -> tuple[str, ...]:
        """List the stems that a word may have: its own, and without the particles before it."""
        cut = (word.removeprefix(prefix) for prefix in self.prefixes if word.startswith(prefix))
        return (self.stem(word), *(self.stem(rest) for rest in cut if len(rest) >= SHORTEST_STEM))

    def list_raw_forms(self, word: str) -> tuple[str, ...]:
        """List a word as it stands, and without the particles before it."""
        cut = (word.removeprefix(prefix) for prefix in self.prefixes if word.startswith(prefix))
        return (word, *(rest for rest in cut if len(rest) >= SHORTEST_STEM))

    def add_phrase(self, text: str, meaning: Meaning, *, keep: bool = False) -> None:
        """Add a phrase. Words that begin with "=" and those of cues are matched as they stand, others by their stem.

        A phrase that is known takes the new meaning; `keep`: it keeps its own.
        """
        pattern = _parse_pattern(text)
        exact = tuple(bool(meaning.cue) or marked for _, marked in pattern)
        words = tuple(
            word if is_exact or word == "_" else self.stem(word)
            for (word, _), is_exact in zip(pattern, exact, strict=True)
        )
        if not words:
            return
        known = self.phrases.setdefault(words[0], [])
        if keep and any((phrase.words, phrase.exact) == (words, exact) for phrase in known):
            return
        known[:] = [phrase for phrase in known if (phrase.words, phrase.exact) != (words, exact)]
        known.append(_Phrase(words, exact, meaning))
        if len(words) == 1 and not exact[0] and any(thing.kind in ("category", "colour") for thing in meaning.things):
            self.heads[words[0]] = meaning

    def separate(self, tokens: Sequence[Token]) -> list[Token]:
        """Separate the conjunction that is written together with a known word."""
        separated: list[Token] = []
        for token in tokens:
            rest = token.text.removeprefix(self.conjunction) if self.conjunction else token.text
            if rest != token.text and not self._knows(token.text) and self._knows_any_form(rest):
                cut = token.start + len(self.conjunction)
                separated += [Token(self.conjunction, token.start, cut, "word"), Token(rest, cut, token.end, "word")]
            else:
                separated.append(token)
        return separated

    def _knows(self, word: str) -> bool:
        return word in self.phrases or self.stem(word) in self.phrases or word in self.words.get("small", ())

    def _knows_any_form(self, word: str) -> bool:
        return self._knows(word) or any(form in self.phrases for form in self.list_forms(word))

    def list_things(self) -> Iterator[Thing]:
        """List all things that the language has a phrase for."""
        return (thing for known in self.phrases.values() for phrase in known for thing in phrase.meaning.things)

    def list_plain_phrases(self) -> Iterator[tuple[str, tuple[Thing, ...]]]:
        """List the phrases of words alone, each with what it stands for; cues stand for nothing."""
        for known in self.phrases.values():
            for phrase in known:
                if phrase.meaning.things and "_" not in phrase.words:
                    yield " ".join(phrase.words), phrase.meaning.things

    def find_marks(self, tokens: Sequence[Token], skip: frozenset[int] = frozenset()) -> list[PhraseMark]:
        """Find the phrases in `tokens`, the longest at each place; tokens in `skip` belong to none."""
        marks: list[PhraseMark] = []
        place = 0
        while place < len(tokens):
            mark = self._find_mark(tokens, place, skip)
            if mark is not None:
                marks.append(mark)
            place = mark.end if mark is not None else place + 1
        return marks

    def _find_mark(self, tokens: Sequence[Token], place: int, skip: frozenset[int]) -> PhraseMark | None:
        token = tokens[place]
        if place in skip or token.kind not in ("word", "number"):
            return None
        best: tuple[tuple[int, int], _Phrase] | None = None
        whole = (token.text, self.stem(token.text))
        for form in dict.fromkeys((*whole, *self.list_raw_forms(token.text), *self.list_forms(token.text))):
            for phrase in self.phrases.get(form, ()):
                if self._fits(phrase, tokens, place, skip):
                    rank = (len(phrase.words), sum(phrase.exact))
                    if best is None or rank > best[0]:
                        best = (rank, phrase)
        if best is not None:
            return PhraseMark(place, place + len(best[1].words), best[1].meaning)
        split = self._split_compound(token.text) if self.compounds else None
        return PhraseMark(place, place + 1, split) if split else None

    def _fits(self, phrase: _Phrase, tokens: Sequence[Token], place: int, skip: frozenset[int]) -> bool:
        if place + len(phrase.words) > len(tokens):
            return False
        for offset, (word, exact) in enumerate(zip(phrase.words, phrase.exact, strict=True)):
            token = tokens[place + offset]
            if place + offset in skip or token.kind not in ("word", "number"):
                return False
            forms = self.list_raw_forms(token.text) if exact else self.list_forms(token.text)
            if word not in ("_", token.text) and word not in forms:
                return False
        return True

    def _split_compound(self, word: str) -> Meaning | None:
        """Split a compound such as Wollpullover into the meanings of its parts; the last part alone may be known."""
        for cut in range(3, len(word) - 2):
            head = self.heads.get(self.stem(word[cut:]))
            if head is None or (len(word) - cut < 4 and cut < 4):
                continue
            first = self._find_first_part(word[:cut])
            return Meaning(things=(*(first.things if first else ()), *head.things))
        return None

    def _find_first_part(self, part: str) -> Meaning | None:
        candidates = (part, part.removesuffix("s"), part.removesuffix("n"), part.removesuffix("en"))
        for candidate in candidates:
            for phrase in self.phrases.get(self.stem(candidate), ()):
                if len(phrase.words) == 1 and phrase.meaning.things:
                    return phrase.meaning
        return None


def _parse_pattern(text: str) -> list[tuple[str, bool]]:
    """Parse a phrase of a data file into words, each with whether it is matched as it stands."""
    pattern: list[tuple[str, bool]] = []
    for part in text.split():
        if part == "_":
            pattern.append(("_", True))
        else:
            pattern += [(token.text, part.startswith("=")) for token in split_into_tokens(part.lstrip("="))]
    return [(word, exact) for word, exact in pattern if word not in ("'",)]


def build_language(data: Mapping[str, Any]) -> Language:
    """Build a language from its data file. Raises KeyError and TypeError for a file of another shape."""
    language = Language(
        name=data["language"],
        endings=[(fold_text(ending), fold_text(stands)) for ending, stands in data.get("endings", ())],
        prefixes=[fold_text(prefix) for prefix in data.get("prefixes", ())],
        compounds=bool(data.get("compounds", False)),
        conjunction=fold_text(data.get("conjunction", "")),
        words={name: _fold_words(value) for name, value in data.items() if name in WORD_LISTS},
    )
    extend_language(language, data)
    return language


WORD_LISTS: Final = ("small", "articles", "money", "sizes", "numbers", "narrowing", "signs", "shapes")


def extend_language(language: Language, data: Mapping[str, Any]) -> None:
    """Add the phrases of a data file to a language; a phrase that is known takes the new meaning."""
    for kind in KINDS & data.keys():
        for name, phrases in data[kind].items():
            value, _, detail = name.partition(".")
            for phrase in phrases:
                language.add_phrase(phrase, Meaning(things=(Thing(kind, value, detail),)))
    for phrase, things in data.get("phrases", {}).items():
        language.add_phrase(phrase, Meaning(things=tuple(map(_parse_thing, things))))
    for cue, phrases in data.get("cues", {}).items():
        for phrase in phrases:
            language.add_phrase(phrase, Meaning(cue=cue), keep=cue == "with_it")


def _parse_thing(text: str) -> Thing:
    kind, _, rest = text.removeprefix("-").partition(":")
    value, _, detail = rest.partition(".")
    if kind not in KINDS:
        raise TypeError(f"{text!r} names no kind of wish")
    return Thing(kind, value, detail, text.startswith("-"))  # type: ignore[arg-type]  # it is one of the kinds


def _fold_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {fold_text(name): _fold_words(entry) for name, entry in value.items()}
    if isinstance(value, str):
        return frozenset(fold_text(value).split())
    return [fold_text(entry) for entry in value] if isinstance(value, list) else value


def add_catalogue(language: Language, categories: Iterable[str], brands: Iterable[str]) -> None:
    """Add the catalogue's own words that the language does not know: categories, and brands as they are written."""
    for category in categories:
        if not any(mark.meaning.things for mark in language.find_marks(split_into_tokens(category))):
            language.add_phrase(category, Meaning(things=(Thing("category", category.strip().casefold()),)))
    for brand in brands:
        exact = " ".join(f"={word}" for word in brand.split())
        language.add_phrase(exact, Meaning(things=(Thing("brand", brand.strip()),)))
