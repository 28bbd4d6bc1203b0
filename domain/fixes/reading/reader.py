"""Read a note into wishes: find the words, say how they are meant, and put them into the values of wishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from domain.fixes.reading.amounts import Amount, AmountFinder
from domain.fixes.reading.clauses import Clause, split_into_clauses
from domain.fixes.reading.scopes import CONTEXT, WHOLE, Mention, ScopeReader
from domain.fixes.reading.sizes import QuantityMention, SizeFinder, SizeMention, find_quantities
from domain.fixes.reading.tokens import Token, split_into_tokens
from domain.fixes.reading.vocabulary import Language, Mark, Meaning, Thing, iterate_words
from models.wishes import ClientWish, Strength

MOST_WISHES: Final = 60
_ATTRIBUTES: Final = frozenset({"colour", "pattern", "material", "fit", "warmth", "style"})
_LENGTHS: Final = (Thing("fit", "long"), Thing("fit", "short"))
_FAMILIES: Final = frozenset({"bright", "dark", "pastel", "neutral", "earthy"})


class NoteReading(NamedTuple):
    """What was read in a note, and its stretches of which something was not understood."""

    wishes: tuple[ClientWish, ...]
    not_understood: tuple[str, ...]


class Vocabulary(NamedTuple):
    """The languages in which notes are read."""

    languages: tuple[Language, ...]


def read_wishes(note: str, vocabulary: Vocabulary) -> NoteReading:
    """Read a note into wishes by rules. What no rule knows becomes no wish, and is listed as not understood."""
    tokens = split_into_tokens(note)
    language = choose_language(tokens, vocabulary)
    if language is None or not tokens:
        return NoteReading((), (note.strip(),) if note.strip() else ())
    return _NoteReader(note, tokens, language).read()


def choose_language(tokens: Sequence[Token], vocabulary: Vocabulary) -> Language | None:
    """Choose the language of which a note has most words; of equal ones the first."""

    def count(language: Language) -> float:
        small = frozenset(iterate_words(language))
        plain = sum(token.text in small for token in tokens)
        marks = language.find_marks(tokens)
        return plain + sum(mark.end - mark.start for mark in marks)

    return max(vocabulary.languages, key=count, default=None)


class _NoteReader:
    """Reads one note."""

    def __init__(self, note: str, tokens: Sequence[Token], language: Language) -> None:
        self._note, self._language = note, language
        self._tokens = language.separate(tokens)
        self._clauses = split_into_clauses(self._tokens)

    def read(self) -> NoteReading:
        """Read amounts and sizes first, whose words are then taken, and then all things with their scopes."""
        all_marks = self._find_marks(frozenset())
        finder = AmountFinder(self._language, self._tokens, self._clauses, all_marks)
        amounts = finder.find_amounts()
        taken = frozenset(place for amount in amounts for place in range(amount.start, amount.end))
        size_finder = SizeFinder(self._language, self._note, self._tokens, all_marks, taken)
        sizes = list(size_finder.find_sizes(self._clauses))
        taken |= frozenset(place for size in sizes for place in range(size.start, size.end))
        marks = self._find_marks(taken)
        fillers = frozenset(self._language.words.get("small", ()))
        quantities = list(find_quantities(finder.numbers, self._tokens, marks, fillers, taken))
        mentions = ScopeReader(self._language, self._tokens, self._clauses, marks, taken).read_mentions()
        self._drop_sized(mentions, sizes, size_finder)
        wishes = [
            *self._build_things(mentions),
            *map(self._build_amount, self._settle(amounts, mentions)),
            *self._build_sizes(sizes),
            *self._build_quantities(quantities, mentions),
        ]
        return NoteReading(_merge(wishes)[:MOST_WISHES], tuple(self._list_unknown(marks, taken)))

    def _find_marks(self, taken: frozenset[int]) -> list[Mark]:
        return _drop_prints(_drop_shades(self._language.find_marks(self._tokens, taken)))

    def _quote(self, start: int, end: int) -> str:
        return self._note[self._tokens[start].start : self._tokens[end - 1].end][:400]

    # --- things ------------------------------------------------------------------------------------------------------

    def _build_things(self, mentions: Sequence[Mention]) -> Iterator[ClientWish]:
        groups: dict[int, list[Mention]] = {}
        for mention in mentions:
            groups.setdefault(mention.group, []).append(mention)
        heads = _find_heads(mentions)
        for group in groups.values():
            if group[0].mode == "with" or any(mention.mode == "with" for mention in group):
                yield from self._build_owned([mention for mention in group if mention.mode == "with"])
                group = [mention for mention in group if mention.mode != "with"]
            for mention in group:
                strength = _find_strength(mention, group)
                if strength:
                    yield self._build_wish(mention, strength, heads.get(id(mention), ""), group)

    def _build_wish(
        self, mention: Mention, strength: Strength, head: str, group: Sequence[Mention]
    ) -> ClientWish:
        thing = mention.thing
        if thing.opposite:
            strength = "must" if strength == "avoid" else "avoid"
        if thing == Thing("fit", "heels") and strength != "avoid" and head != "shoes":
            thing, head = Thing("category", "shoes", "heels"), ""
        return ClientWish(
            kind=thing.kind,
            value=thing.value,
            strength=strength,
            quote=self._quote(mention.start, mention.end),
            category=head if thing.kind in _ATTRIBUTES and head != thing.value else "",
            detail=thing.detail,
        )

    def _build_owned(self, group: Sequence[Mention]) -> Iterator[ClientWish]:
        """Build the wish for what goes with a thing owned: its category, and its colour where that is said."""
        owned = next((mention for mention in group if mention.thing.kind == "category"), None)
        colour = next((mention.thing.value for mention in group if mention.thing.kind == "colour"), "")
        if owned is not None:
            start, end = min(each.start for each in group), max(each.end for each in group)
            quote = self._quote(start, end)
            yield ClientWish(kind="goes_with", value=owned.thing.value, quote=quote, colour=colour)

    # --- amounts, sizes, numbers of pieces ---------------------------------------------------------------------------

    def _settle(self, amounts: Sequence[Amount], mentions: Sequence[Mention]) -> Iterator[Amount]:
        """Settle amounts of which nothing says whether they are for one piece: then they are for the whole box."""
        for amount in amounts:
            inside = [mention for mention in mentions if mention.clause == amount.clause]
            if not amount.scope and any(mention.mode == "past" for mention in inside):
                continue
            category = "" if amount.scope else self._find_only_category(amount, mentions)
            yield amount._replace(scope="item", category=category) if category else amount

    def _find_only_category(self, amount: Amount, mentions: Sequence[Mention]) -> str:
        """Find the only category wanted in the sentence of an amount: "a dress for a wedding, under 200"."""
        first = amount.clause
        while first > 0 and not self._clauses[first].first:
            first -= 1
        wanted = {
            mention.thing.value
            for mention in mentions
            if first <= mention.clause <= amount.clause
            and mention.thing.kind == "category"
            and mention.mode in ("", "must", "prefer")
        }
        return wanted.pop() if len(wanted) == 1 else ""

    def _build_amount(self, amount: Amount) -> ClientWish:
        kind = "budget_item" if amount.scope == "item" else "budget_total"
        return ClientWish(
            kind=kind,  # type: ignore[arg-type]  # both are kinds
            value=amount.value,
            quote=self._quote(amount.start, amount.end),
            category=amount.category if kind == "budget_item" else "",
        )

    def _build_sizes(self, sizes: Iterable[SizeMention]) -> Iterator[ClientWish]:
        for size in sizes:
            quote = self._quote(size.start, size.end)
            yield ClientWish(kind="size", value=size.value, quote=quote, category=size.category)

    def _drop_sized(self, mentions: list[Mention], sizes: Sequence[SizeMention], finder: SizeFinder) -> None:
        """Drop the categories that only say what a size is of: "38 in trousers", "I wear M in tops"."""
        for size in sizes:
            number = next(at for at, each in enumerate(self._clauses) if each.start <= size.start < each.end)
            inside = [each for each in mentions if each.clause == number and each.thing.kind == "category"]
            if not finder.tells_size(self._clauses[number]):
                inside = [each for each in inside if 0 < each.start - size.end <= 2 and not each.cued]
            mentions[:] = [mention for mention in mentions if mention not in inside]

    def _build_quantities(
        self, quantities: Iterable[QuantityMention], mentions: Sequence[Mention]
    ) -> Iterator[ClientWish]:
        for quantity in quantities:
            wanted = [m for m in mentions if quantity.start < m.end <= quantity.end and m.thing.kind == "category"]
            if any(_find_strength(mention, [mention]) in ("must", "prefer") for mention in wanted):
                quote = self._quote(quantity.start, quantity.end)
                yield ClientWish(kind="quantity", value=f"{quantity.count} {quantity.category}", quote=quote)

    # --- what is left ------------------------------------------------------------------------------------------------

    def _list_unknown(self, marks: Sequence[Mark], taken: frozenset[int]) -> Iterator[str]:
        """List the clauses that hold a word which no rule knows."""
        small = frozenset(iterate_words(self._language))
        covered = {place for mark in marks for place in range(mark.start, mark.end)} | taken
        for clause in self._clauses:
            places = range(clause.start, clause.end)
            if any(
                self._tokens[place].kind == "word" and place not in covered and self._tokens[place].text not in small
                for place in places
            ):
                yield self._quote(clause.start, clause.end)


def _drop_shades(marks: list[Mark]) -> list[Mark]:
    """Drop the shade beside a colour: of "bright red" the red is meant, and of "light green" no light cloth."""
    kept: list[Mark] = []
    for place, mark in enumerate(marks):
        near = (*marks[max(0, place - 1) : place], *marks[place + 1 : place + 2])
        beside = [
            other
            for other in near
            if (other.end == mark.start or other.start == mark.end) and _is_colour(other.meaning)
        ]
        shade = any(
            (thing.kind == "colour" and thing.value in _FAMILIES) or thing == Thing("warmth", "light")
            for thing in mark.meaning.things
        )
        if not (shade and beside):
            kept.append(mark)
    return kept


def _drop_prints(marks: list[Mark]) -> list[Mark]:
    """Drop the plain word for a print beside the kind of print: of "prints with flowers" the flowers are meant."""
    prints = [mark for mark in marks if any(thing.kind == "pattern" for thing in mark.meaning.things)]
    plain = Thing("pattern", "patterned")
    return [
        mark
        for mark in marks
        if plain not in mark.meaning.things
        or not any(other is not mark and 0 <= max(other.start - mark.end, mark.start - other.end) <= 1 for other in prints)
    ]


def _is_colour(meaning: Meaning) -> bool:
    return any(thing.kind == "colour" and thing.value not in _FAMILIES for thing in meaning.things)


def _find_heads(mentions: Sequence[Mention]) -> dict[int, str]:
    """Find the category that each attribute belongs to: that of its group, else of the next group of its list."""
    by_group: dict[int, str] = {}
    for mention in mentions:
        if mention.thing.kind == "category":
            by_group.setdefault(mention.group, mention.thing.value)
    return {id(mention): by_group.get(mention.group, "") for mention in mentions}


def _find_strength(mention: Mention, group: Sequence[Mention]) -> Strength | None:
    """Find the strength with which a thing is wanted; None: it is no wish."""
    kind, mode = mention.thing.kind, mention.mode
    if mention.thing in _LENGTHS and not mention.sure and not any(each.thing.kind == "category" for each in group):
        return None
    if mode == "avoid":
        return _find_refusal(mention, group)
    if mode in ("skip", "past", "with") or (mode in ("own", "told") and kind not in CONTEXT | WHOLE):
        return "must" if mode == "past" and kind in WHOLE else None
    return "prefer" if mode == "prefer" or mention.soft else "must"


def _find_refusal(mention: Mention, group: Sequence[Mention]) -> Strength | None:
    """Find what a "no" refuses: of "black dresses" the black; of "jeans for work" the jeans, and work is wanted."""
    kind = mention.thing.kind
    others = [each for each in group if each is not mention and each.mode == "avoid"]
    if kind in CONTEXT:
        return "avoid" if others and not mention.after_preposition else "must" if others else None
    if kind != "category":
        return "avoid"
    narrower = [
        each
        for each in others
        if each.thing.kind in _ATTRIBUTES or (each.thing.kind in CONTEXT and not each.after_preposition)
    ]
    return None if narrower or mention.narrowed else "avoid"


def _merge(wishes: Iterable[ClientWish]) -> tuple[ClientWish, ...]:
    """Keep each wish once; what is not wanted in one place is not wanted in another, unless of another category."""
    kept: dict[tuple[str, str, bool, str], ClientWish] = {}
    for wish in wishes:
        key = (wish.kind, wish.value, wish.strength == "avoid", wish.category)
        known = kept.get(key)
        if known is None or (known.strength == "prefer" and wish.strength == "must"):
            kept[key] = wish if known is None else known.model_copy(update={"strength": "must"})
    refused = {(wish.kind, wish.value, wish.category) for wish in kept.values() if wish.strength == "avoid"}
    everywhere = {(kind, value) for kind, value, category in refused if not category}
    return tuple(
        wish
        for wish in kept.values()
        if wish.strength == "avoid"
        or ((wish.kind, wish.value, wish.category) not in refused and (wish.kind, wish.value) not in everywhere)
    )
