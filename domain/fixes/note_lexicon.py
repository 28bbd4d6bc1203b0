"""The words by which a note is parsed: cues of yes and no, amounts of money, and words of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

SENTENCE: Final = re.compile(
    r"[;!?\n]|\.(?!\d)|(?<!anything )(?<!everything )\bbut\b|\bhowever\b|\bthough\b", re.IGNORECASE
)
COMMA: Final = re.compile(r"[:()]|,(?!\d|\s*please\s*$)|\s[-\u2013\u2014]+\s|\u2014")
AND: Final = re.compile(r"\b(?:and|or|nor)\b|[&/+]", re.IGNORECASE)
CUE: Final = re.compile(
    r"\b(?:(?P<unclear>(?:don'?t|do not|wouldn'?t) mind|not (?:only|just|sure|enough|too)|never enough|"
    r"(?:can'?t|cannot) (?:wait|get enough)|no (?:problem|issue|matter|idea|preference))"
    r"|(?P<no>(?:don'?t|do not|didn'?t|never|not|wouldn'?t) (?:\w+ )?(?:want|need|love|like|looking for|must)"
    r"|(?:can'?t|cannot|won'?t) (?:stand|bear|wear)|(?:any|every)thing but|no more|no|not|never|without|avoid|don'?t"
    r"|dislikes?|hates?|except|nothing|none|enough|plenty|tired of|instead of|skip)"
    r"|(?P<yes>need|want|must|looking for|love|(?:would|'d) like|hoping|something|anything)|(?P<please>please))\b",
    re.IGNORECASE,
)
"""The groups of cues: unclear, no, yes, and `please`, the weakest yes."""
NUMBER: Final = (
    r"(?:[$£€]|usd|eur|gbp)?\s*(?P<{}>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}})(?P<{}>\.\d{{1,2}})?(?![.,]?\d)(?!\s*%)"
)
AFTER: Final = (
    r"(?=\s*(?:$|[.,;:!?)$£€]|(?:please|each|apiece|per|an? (?:item|piece)|in (?:all|total)|altogether|total|overall|"
    r"for|and|or|max|maximum|at most|tops|thanks?|if|usd|eur|gbp|dollars?|euros?|pounds?|bucks)\b))"
)
"""What may follow an amount of money: "5 cm" and "2 dresses" are not money."""
AMOUNT: Final = re.compile(
    r"(?:\b(?:(?P<none>nothing|none|no (?:item|piece)s?)(?: \w+){0,3}?|not|never)\s+(?:above|over|beyond|more than)"
    r"|\b(?:under|below|less than|cheaper than|up to|at most|no more than|max(?:imum)?(?: of)?|budget(?: of| is)?"
    r"|within))\s*" + NUMBER.format("whole", "cents") + AFTER,
    re.IGNORECASE,
)
EACH: Final = re.compile(r"\b(each|apiece|per item|per piece|an item|a piece)\b", re.IGNORECASE)
TOTAL: Final = re.compile(r"\b(budget|in all|in total|altogether|total|overall|box)\b", re.IGNORECASE)
NARROWER: Final = re.compile(
    r"\s*(?:with|without|that|which|unless|if|made|longer|shorter|too|over|above|under|below|like)\b", re.IGNORECASE
)
"""After an unwanted kind: only some of that kind is unwanted."""
CLAIM: Final = re.compile(r"\s+(?:is|are|was|were|would|will|can|do|does|looks?|feels?|fits?|seems?|might)\b", re.I)
"""After a word that only follows an "and": a new sentence begins."""
FILLING: Final = frozenset(
    re.findall(
        r"\S+",
        "a an the any some of in for with to too also as well either again more other others another just only "
        "really very please thanks thank you hi hello hey dear i i'm i've me my we our us your is am are be do have "
        "has had got get send give see wear wearing this that these those time now it them much many at all box one "
        "two three couple so s d m ve",
    )
)
"""Words without a meaning of their own."""
WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


class CatalogueMatch(NamedTuple):
    """A word of the catalogue found in a text, from `start` to `end`."""

    start: int
    end: int
    word: str
    shade: bool
    """Whether it is a colour; else it is a category."""


class Lexicon:
    """The categories and colours of a catalogue, with the patterns that find them in a text."""

    def __init__(self, categories: Iterable[str], colours: Iterable[str]) -> None:
        self._known = [(*pattern, False) for pattern in _compile_patterns(categories)] + [
            (*pattern, True) for pattern in _compile_patterns(colours)
        ]

    def find_words(self, text: str) -> list[CatalogueMatch]:
        """Find the catalogue's words in `text`, in order; of "light blue" and "blue" at one place, the longer."""
        matches = [
            CatalogueMatch(*m.span(), word, shade) for word, known, shade in self._known for m in known.finditer(text)
        ]
        return sorted(match for match in matches if not any(_is_within(match, other) for other in matches))


def _is_within(one: CatalogueMatch, other: CatalogueMatch) -> bool:
    longer = other.end - other.start > one.end - one.start
    return longer and one.shade == other.shade and other.start <= one.start and one.end <= other.end


def _compile_patterns(words: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(word, re.compile(rf"(?<!\w-)\b{_stem(word)}(?:e?s)?\b", re.IGNORECASE)) for word in words if word.strip()]


def _stem(word: str) -> str:
    """Return a pattern of the word without its plural ending: dresses and dress, jeans and jean are one."""
    bare = word.strip().casefold()
    if bare.endswith(("sses", "shes", "ches", "xes")):
        return re.escape(bare.removesuffix("es"))
    return re.escape(bare if bare.endswith("ss") else bare.removesuffix("s"))


def has_other_words(text: str, named: Sequence[CatalogueMatch] = ()) -> bool:
    """Return whether words are left besides those of the catalogue, cues, and words without meaning."""
    for match in reversed(named):
        text = text[: match.start] + " " + text[match.end :]
    return any(word.casefold() not in FILLING for word in WORD.findall(CUE.sub(" ", text)))
