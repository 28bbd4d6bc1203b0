"""Read a note into wishes: find the words, say how they are meant, and put them into the values of wishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from domain.fixes.reading.amounts import Amount, AmountFinder
from domain.fixes.reading.choices import find_choices, find_shared, list_alternatives, name_choices
from domain.fixes.reading.clauses import split_into_clauses
from domain.fixes.reading.heads import find_heads
from domain.fixes.reading.heights import find_heights
from domain.fixes.reading.scopes import Mention, ScopeReader
from domain.fixes.reading.shades import drop_prints, drop_shades
from domain.fixes.reading.sizes import QuantityMention, SizeFinder, SizeMention, find_quantities
from domain.fixes.reading.strengths import ATTRIBUTES, find_strength, merge_wishes
from domain.fixes.reading.tokens import Token, split_into_tokens
from domain.fixes.reading.vocabulary import Language, PhraseMark, Thing
from models.wishes import ClientWish, Strength

MOST_WISHES: Final = 60
WIDTHS: Final = frozenset({Thing("fit", "loose"), Thing("fit", "slim"), Thing("fit", "oversized")})
"""Of shoes these are widths of the foot, and no cut."""


class NoteReading(NamedTuple):
    """What was read in a note, and its stretches of which something was not understood."""

    wishes: tuple[ClientWish, ...]
    not_understood: tuple[str, ...]


class NoteWords(NamedTuple):
    """The languages in which notes are read."""

    languages: tuple[Language, ...]


def list_values(vocabulary: NoteWords) -> dict[str, list[str]]:
    """List the values that wishes of each kind may have."""
    values: dict[str, set[str]] = {}
    for language in vocabulary.languages:
        for thing in language.list_things():
            values.setdefault(thing.kind, set()).add(thing.value)
    values["goes_with"] = values.get("category", set())
    return {kind: sorted(names) for kind, names in sorted(values.items())}


def read_wishes(note: str, vocabulary: NoteWords) -> NoteReading:
    """Read a note into wishes by rules, each sentence in its language.

    What no rule knows becomes no wish, and is listed as not understood.
    """
    wishes: list[ClientWish] = []
    unknown: list[str] = []
    for text, language in _split_by_language(note, vocabulary):
        reading = _NoteReader(text, split_into_tokens(text), language).read()
        wishes += reading.wishes
        unknown += reading.not_understood
    return NoteReading(merge_wishes(wishes)[:MOST_WISHES], tuple(unknown))


def _split_by_language(note: str, vocabulary: NoteWords) -> Iterator[tuple[str, Language]]:
    """Split a note where its language changes; a sentence is of another language only if that knows clearly more."""
    tokens = split_into_tokens(note)
    whole = choose_language(tokens, vocabulary)
    if whole is None or not tokens:
        return
    start, current = 0, whole
    sentence: list[Token] = []
    for token in (*tokens, Token("", len(note), len(note), "stop")):
        if token.kind != "stop":
            sentence.append(token)
            continue
        best = choose_language(sentence, vocabulary) if sentence else None
        language = (
            best if best is not None and _count_known(sentence, best) > _count_known(sentence, whole) + 1 else whole
        )
        if sentence and language is not current:
            yield note[start : sentence[0].start], current
            start, current = sentence[0].start, language
        sentence = []
    yield note[start:], current


def choose_language(tokens: Sequence[Token], vocabulary: NoteWords) -> Language | None:
    """Choose the language of which a note has most words; of equal ones the first."""
    return max(vocabulary.languages, key=lambda language: _count_known(tokens, language), default=None)


def _count_known(tokens: Sequence[Token], language: Language) -> int:
    """Count the words of a language; its small words count twice where they mean something as well."""
    small = sum(token.text in language.small for token in tokens)
    return small + sum(mark.end - mark.start for mark in language.find_marks(tokens))


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
        fillers = self._language.small
        cues = frozenset(self._language.words.get("signs", {}).get("height", ()))
        heights = find_heights(self._tokens, self._note, cues)
        quantities = list(find_quantities(finder.numbers, self._tokens, marks, fillers, taken))
        mentions = ScopeReader(self._language, self._tokens, self._clauses, marks, taken).read_mentions()
        self._drop_sized(mentions, sizes, size_finder)
        choices = find_choices(mentions)
        wishes = [
            *name_choices(self._build_things(mentions, choices)),
            *map(self._build_amount, self._settle(amounts, mentions, choices)),
            *self._build_sizes(sizes),
            *self._build_quantities(quantities, mentions),
            *(ClientWish(kind="fit", value=h.value, quote=self._quote(h.start, h.end)) for h in heights),
        ]
        return NoteReading(tuple(wishes), tuple(self._list_unknown(marks, taken)))

    def _find_marks(self, taken: frozenset[int]) -> list[PhraseMark]:
        return drop_prints(drop_shades(self._language.find_marks(self._tokens, taken)))

    def _quote(self, start: int, end: int) -> str:
        return self._note[self._tokens[start].start : self._tokens[end - 1].end][:400]

    # --- things ------------------------------------------------------------------------------------------------------

    def _build_things(
        self, mentions: Sequence[Mention], choices: Mapping[int, int]
    ) -> Iterator[tuple[ClientWish, int | None]]:
        """Build the wish for each thing, for each piece that it is said of, with the number of the choice that it is
        of."""
        groups: dict[int, list[Mention]] = {}
        for mention in mentions:
            groups.setdefault(mention.group, []).append(mention)
        heads = find_heads(mentions, self._clauses)
        shared = find_shared(mentions, choices, heads)
        for group in groups.values():
            if any(mention.mode == "with" for mention in group):
                owned = self._build_owned([mention for mention in group if mention.mode == "with"])
                yield from ((wish, None) for wish in owned)
                yield from (
                    (self._build_wish(mention, "must", ""), None)
                    for mention in group
                    if _tells_what_for(mention, group)
                )
            others = [mention for mention in group if mention.mode != "with"]
            for mention in others:
                strength = find_strength(mention, others)
                if strength and not (heads.get(id(mention)) == "shoes" and mention.thing in WIDTHS):
                    for head in (*shared.get(id(mention), ()), heads.get(id(mention), "")):
                        yield self._build_wish(mention, strength, head), choices.get(id(mention))

    def _build_wish(self, mention: Mention, strength: Strength, head: str) -> ClientWish:
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
            category=head if thing.kind in (*ATTRIBUTES, "season", "occasion") and head != thing.value else "",
            detail=thing.detail,
        )

    def _build_owned(self, group: Sequence[Mention]) -> Iterator[ClientWish]:
        """Build the wish for what goes with a thing owned: its category, and its colour where that is said."""
        owned = next((mention for mention in group if mention.thing.kind == "category"), None)
        colour = next((mention.thing.value for mention in group if mention.thing.kind == "colour"), "")
        if owned is not None:
            named = [entry for entry in group if not _tells_what_for(entry, group)]
            start, end = min(entry.start for entry in named), max(entry.end for entry in named)
            quote = self._quote(start, end)
            yield ClientWish(kind="goes_with", value=owned.thing.value, quote=quote, colour=colour)

    # --- amounts, sizes, numbers of pieces ---------------------------------------------------------------------------

    def _settle(
        self, amounts: Sequence[Amount], mentions: Sequence[Mention], choices: Mapping[int, int]
    ) -> Iterator[Amount]:
        """Settle which pieces amounts are for: what stands beside a choice is for each piece of it, and an amount of
        which nothing says that it is for one piece is for the whole box."""
        alternatives = list_alternatives(mentions, choices)
        stated = {amount.category for amount in amounts if amount.category}
        for amount in amounts:
            inside = [mention for mention in mentions if mention.clause == amount.clause]
            if not amount.scope and any(mention.mode == "past" for mention in inside):
                continue
            if amount.category:
                meant = {amount.category, *(_list_beside(amount, alternatives) - stated)}
            else:
                meant = set() if amount.scope else self._list_only_wanted(amount, mentions, alternatives)
            yield from [amount._replace(scope="item", category=name) for name in sorted(meant)] or [amount]

    def _list_only_wanted(
        self, amount: Amount, mentions: Sequence[Mention], alternatives: Iterable[Sequence[Mention]]
    ) -> set[str]:
        """List the only category wanted in the sentence of an amount, or those of its only choice: "a dress for a
        wedding, under 200"."""
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
        is_choice = any(wanted == {piece.thing.value for piece in choice} for choice in alternatives)
        return wanted if len(wanted) == 1 or is_choice else set()

    def _build_amount(self, amount: Amount) -> ClientWish:
        kind = "budget_item" if amount.scope == "item" else "budget_total"
        return ClientWish(
            kind=kind,
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
            number = next(at for at, entry in enumerate(self._clauses) if entry.start <= size.start < entry.end)
            inside = [entry for entry in mentions if entry.clause == number and entry.thing.kind == "category"]
            if not finder.tells_size(self._clauses[number]):
                near = [entry for entry in inside if 0 < entry.start - size.end <= 2 and not entry.cued]
                inside = [entry for entry in near if not self._has_joint(size.end, entry.start)]
            mentions[:] = [mention for mention in mentions if mention not in inside]

    def _has_joint(self, start: int, end: int) -> bool:
        """Return whether something new begins between two places: "size 39 and a coat"."""
        between = self._tokens[start:end]
        articles = frozenset(self._language.words.get("articles", ()))
        cues = {mark.meaning.cue for mark in self._language.find_marks(between)}
        return bool(cues & {"and", "or", "but"}) or any(t.kind == "join" or t.text in articles for t in between)

    def _build_quantities(
        self, quantities: Iterable[QuantityMention], mentions: Sequence[Mention]
    ) -> Iterator[ClientWish]:
        for quantity in quantities:
            wanted = [m for m in mentions if quantity.start < m.end <= quantity.end and m.thing.kind == "category"]
            if any(find_strength(mention, [mention]) in ("must", "prefer") for mention in wanted):
                quote = self._quote(quantity.start, quantity.end)
                yield ClientWish(kind="quantity", value=f"{quantity.pieces} {quantity.category}", quote=quote)

    # --- what is left ------------------------------------------------------------------------------------------------

    def _list_unknown(self, marks: Sequence[PhraseMark], taken: frozenset[int]) -> Iterator[str]:
        """List the clauses that hold a word which no rule knows."""
        small = self._language.small
        covered = {place for mark in marks for place in range(mark.start, mark.end)} | taken
        for clause in self._clauses:
            places = range(clause.start, clause.end)
            if any(
                self._tokens[place].kind == "word" and place not in covered and self._tokens[place].text not in small
                for place in places
            ):
                yield self._quote(clause.start, clause.end)


def _list_beside(amount: Amount, alternatives: Iterable[Sequence[Mention]]) -> set[str]:
    """List the pieces of the choice before or behind which an amount stands, "a coat or jacket under 90", and with one
    of which it does."""
    for choice in alternatives:
        values = {piece.thing.value for piece in choice}
        outside = amount.end <= choice[0].start or amount.start >= choice[-1].end
        if amount.category in values and outside:
            return values - {amount.category}
    return set()


def _tells_what_for(mention: Mention, group: Sequence[Mention]) -> bool:
    """Return whether it is told, after what new pieces shall go with, what for: "to match my blazer for work"."""
    follows = any(entry.thing.kind == "category" and entry.end <= mention.start for entry in group)
    return mention.mode == "with" and mention.thing.kind == "occasion" and mention.after_preposition and follows
