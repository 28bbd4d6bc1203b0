"""The approved copy: what the shop itself says, by language and kind of mail. The lines stand in `agents/copy`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from domain.grounding import split_sentences
from domain.sentences.checking import STATED_IN
from domain.text_rules import clean_title
from domain.wording import add_article, fold
from models.mail import Brief
from models.states import TouchKind

_FOLDER: Final = Path(__file__).parent / "copy"
Lines = tuple[str, ...]


class KindCopy(NamedTuple):
    """The lines of one kind of mail; one of each is chosen. `{shop}` is the shop's name.

    `named_subjects` have slots for a picked item and for a piece of the client's; the others stand in where none fits.

    A mail reads: an opening; a fact of the client, a link from it, a bridge to the items; the call to action.
    """

    named_subjects: Lines
    subjects: Lines
    preheaders: Lines
    openings: Lines
    bridges: Lines
    actions: Lines


@dataclass(frozen=True)
class LanguageCopy:
    """The copy of one language.

    `links`: by the code of a fact, the sentence that links it to the items; a fact not named here needs none.
    `reasons`: why a piece was picked, by the English words of its score; in English these stand for themselves.
    `named_blurbs` have slots for an item's category and colour, `plain_blurbs` have none.
    """

    language: str
    kinds: Mapping[TouchKind, KindCopy]
    without_items: KindCopy
    links: Mapping[str, Lines]
    named_blurbs: Lines
    plain_blurbs: Lines
    reasons: Mapping[str, str]

    def list_sentences(self, shop: str) -> frozenset[str]:
        """List the folded sentences of all lines without slots of an item, with `shop` as the shop's name."""
        texts = (line.format(shop=shop) for line in self._list_lines())
        return frozenset(fold(sentence).rstrip(".") for text in texts for sentence in split_sentences(text))

    def _list_lines(self) -> Iterator[str]:
        for copy in (*self.kinds.values(), self.without_items):
            for lines in copy._replace(named_subjects=()):
                yield from lines
        for lines in self.links.values():
            yield from lines
        yield from self.plain_blurbs
        yield from self.reasons.values()


@cache
def load_copy(language: str) -> LanguageCopy:
    """Load the copy of a language, once. Raises KeyError where a kind of mail or a list of lines is missing."""
    data = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    links = {name: tuple(lines) for name, lines in data["links"].items()}
    return LanguageCopy(
        language=language,
        kinds={kind: _read_kind(data[kind.value]) for kind in TouchKind},
        without_items=_read_kind(data["without_items"]),
        links={code: links[group] for code, group in _LINKED.items()},
        named_blurbs=tuple(data["blurbs"].get("named", ())),
        plain_blurbs=tuple(data["blurbs"]["plain"]),
        reasons=data.get("reasons", {}),
    )


def list_named_subjects(copy: LanguageCopy, brief: Brief) -> Iterator[str]:
    """List the subjects that name a picked item, and a piece of the client's where they have one."""
    pieces = [piece for fact in brief.facts if fact.code in _OWNED and (piece := clean_title(fact.piece))]
    name = add_article if copy.language == STATED_IN else str
    titles = [title for item in brief.items if (title := clean_title(item.title))]
    for line in copy.kinds[brief.kind].named_subjects:
        for piece in pieces if "{piece}" in line else [""]:
            filled = (line.format(item=name(title), piece=piece) for title in titles)
            yield from (f"{subject[:1].upper()}{subject[1:]}" for subject in filled)


def _read_kind(lines: Mapping[str, Any]) -> KindCopy:
    given = {"named_subjects": (), **lines}
    return KindCopy(**{field: tuple(given[field]) for field in KindCopy._fields})


_TASTE: Final = ("quiz_styles", "quiz_colours", "favourite_category")
_PIECES: Final = ("last_item", "kept_item", "wishlist")
_OWNED: Final = ("last_item", "kept_item")
_ANY: Final = ("orders_count", "last_order", "last_viewed", "sizes", "signed_up")
_LINKED: Final = {
    **dict.fromkeys(_TASTE, "taste"),
    **dict.fromkeys(_PIECES, "piece"),
    "new_arrival": "new_arrival",
    "orders_count": "orders_count",
}

FACTS: Final[Mapping[TouchKind, tuple[str, ...]]] = {
    TouchKind.WELCOME: (*_TASTE, "wishlist", "sizes", "last_viewed", "signed_up"),
    TouchKind.QUIZ: ("signed_up", "wishlist", "last_viewed", "sizes"),
    TouchKind.MISSED: (*_PIECES, *_TASTE, *_ANY),
    TouchKind.NEW_IN: ("new_arrival", "favourite_category", "wishlist", "quiz_styles", "quiz_colours", *_ANY),
    TouchKind.STYLIST: ("quiz_styles", "quiz_colours", "favourite_category", "sizes", *_PIECES, *_ANY),
    TouchKind.WIN_BACK: ("favourite_category", "orders_count", *_PIECES, "quiz_styles", "quiz_colours", *_ANY),
    TouchKind.WON_BACK: ("last_item", "last_order", "orders_count", "favourite_category", "signed_up"),
    TouchKind.CAMPAIGN: ("favourite_category", *_PIECES, "quiz_styles", "quiz_colours", *_ANY),
}
"""The facts that suit each kind, best first."""
CATALOGUE_WORDS: Final = frozenset({*_TASTE, "sizes"})
"""Facts that repeat words of the catalogue, which are in the shop's language."""
