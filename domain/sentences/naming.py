"""What the facts of a brief may be called: titles and their heads, colours, makers, days, counts.

A name must be true of its fact. So a title is whole, or its head alone, or loses words of fit at its edge: `Faux
Leather Jacket` is a jacket, and no leather jacket. A name that two facts share names neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from domain.sentences.grammar import Grammar
from domain.sentences.matching import FactName, Phrase
from domain.sentences.words import list_keys, split_words
from models.mail import Brief, BriefItem, Fact

SHOP, SEASON, MESSAGE, KIND, PICKS = "shop", "season", "message", "kind", "picks"
AMBIENT = frozenset({SHOP, SEASON, KIND, PICKS, "one", "two"})
"""Facts that hold for the whole mail; a sentence need not cite them."""
_HEADED = frozenset({"ITEM", "PIECE"})


def build_item_id(item_id: str) -> str:
    """Build the id of the fact that an item was picked."""
    return f"item:{item_id}"


def list_codes(brief: Brief) -> dict[str, str]:
    """List the facts of the client's and the mail's own, with the code of each."""
    codes = {fact.code: fact.code for fact in brief.facts} | {KIND: str(brief.kind)}
    count = {1: "one", 2: "two"}.get(len(brief.items))
    return codes | ({count: count} if count else {})


def list_fact_ids(brief: Brief) -> frozenset[str]:
    """List the ids that a sentence may cite."""
    ids = {fact.code for fact in brief.facts} | {build_item_id(item.item_id) for item in brief.items}
    return frozenset(ids | AMBIENT | ({MESSAGE} if brief.message else set()))


def list_names(brief: Brief, grammar: Grammar) -> tuple[FactName, ...]:
    """List every name of every fact of the brief in the grammar's language."""
    names = [name for item in brief.items for name in _name_item(item, grammar)]
    names += [name for fact in brief.facts for name in _name_fact(fact, grammar)]
    names += _build_names(SHOP, "SHOP", [brief.shop_name], grammar)
    names += _build_names(PICKS, "PICKS", _say_picks(len(brief.items), grammar), grammar)
    names += _build_names(SEASON, "SEASON", _say_season(brief.season, grammar), grammar)
    return tuple(_drop_shared(dict.fromkeys(names), brief))


def say_day(fact: Fact, grammar: Grammar) -> str:
    """Say the day of a fact in the grammar's language; empty without a day."""
    return next(_list_days(fact, grammar), "")


def say_count(count: int, grammar: Grammar, note: str) -> str:
    """Say a count by the words of a note, `times` or `number`."""
    words = grammar.notes.get(note, ())
    return words[count - 1] if 0 < count <= len(words) else str(count)


def _name_item(item: BriefItem, grammar: Grammar) -> Iterator[FactName]:
    fact = build_item_id(item.item_id)
    slots = {"COLOUR": item.colour, "BRAND": item.brand, "CATEGORY": item.category}
    yield from _build_names(fact, "ITEM", _list_nouns(item.title, slots, grammar), grammar)
    category = split_words(item.category).words
    if len(category) == 1:
        yield from _build_names(fact, "ITEM", _list_nouns(item.category, slots, grammar), grammar)
    for slot, word in slots.items():
        yield from _build_names(fact, slot, [word], grammar)
    yield from _build_names(fact, "COLOUR", _list_genders(item.colour, grammar), grammar)
    fits = [word for word in _find_core(item.title, grammar) if word in grammar.notes["fitting"]]
    yield from _build_names(fact, "FIT", fits, grammar)
    yield from _build_names(fact, "MATERIAL", _find_material(item.title, grammar), grammar)


def _name_fact(fact: Fact, grammar: Grammar) -> Iterator[FactName]:
    if fact.piece:
        slots = {"COLOUR": fact.colour, "BRAND": ""}
        yield from _build_names(fact.code, "PIECE", _list_nouns(fact.piece, slots, grammar), grammar)
        heads = [name for name in _list_short_titles(fact.piece, grammar) if " " not in name]
        owned = [f"{name.removesuffix('ة')}{'ت' * name.endswith('ة')}ك" for name in heads]
        yield from _build_names(fact.code, "PIECE", owned if grammar.language == "ar" else (), grammar)
    if fact.day is not None:
        yield from _build_names(fact.code, "DAY", _list_days(fact, grammar), grammar)
        month = grammar.notes["month"][fact.day.month - 1]
        yield from _build_names(
            fact.code, "MONTH", [f"{month} {fact.day.year}", *([] if fact.dated else [month])], grammar
        )
    if fact.count:
        yield from _build_names(fact.code, "COUNT", [say_count(fact.count, grammar, "times")], grammar)
        yield from _build_names(
            fact.code, "NUMBER", [say_count(fact.count, grammar, "number"), str(fact.count)], grammar
        )
    yield from _build_names(fact.code, "KIND", fact.words[:1], grammar)
    yield from _build_names(fact.code, "WORDS", _list_lists(fact.words, grammar), grammar)


def _build_names(fact: str, slot: str, texts: Iterable[str], grammar: Grammar) -> Iterator[FactName]:
    for text in texts:
        phrase: Phrase = tuple(list_keys(word, grammar.language) for word in split_words(text).words)
        if phrase:
            yield FactName(fact, slot, phrase)


def _list_nouns(title: str, slots: dict[str, str], grammar: Grammar) -> Iterator[str]:
    """List the noun phrases for a title: itself and what may be left of it, with colour and maker around it."""
    for name in _list_short_titles(title, grammar):
        for shape in grammar.notes["np"]:
            filled = shape
            for slot, word in slots.items():
                filled = filled.replace(slot, word or "\0")
            if "\0" not in filled:
                yield filled.replace("NAME", name)


def _list_short_titles(title: str, grammar: Grammar) -> Iterator[str]:
    words, core = split_words(title).words, _find_core(title, grammar)
    yield " ".join(words)
    if not core or not core[-1].isalpha():
        return
    yield " ".join(core)
    loose, first = {*grammar.notes["fitting"], *grammar.notes["material"]}, "head" in grammar.notes
    rest = core
    while len(rest) > 1 and (rest[-1] if first else rest[0]) in loose:
        rest = rest[:-1] if first else rest[1:]
        yield " ".join(rest)
    head = core[0] if first else core[-1]
    yield head
    if not first and "-" in (last := title.rsplit(maxsplit=1)[-1]) and split_words(last).words == core[-2:]:
        yield " ".join(core[-2:])
    yield from (noun for noun in grammar.notes.get("compound", ()) if head.endswith(noun) and head != noun)


def _find_core(title: str, grammar: Grammar) -> tuple[str, ...]:
    """Find the words of a title before its first `with`, `for` or the like."""
    words, breaks = split_words(title).words, grammar.notes["break"]
    return words[: next((i for i, word in enumerate(words) if word in breaks), len(words))]


def _find_material(title: str, grammar: Grammar) -> list[str]:
    """Find what a title says that a thing is made of; nothing where it says more than one, or that it only looks so."""
    words, core = split_words(title).words, _find_core(title, grammar)
    if any(part in word for word in words for part in grammar.notes["unmaterial"]):
        return []
    after = (
        words[len(core) + 1 : len(core) + 2]
        if words[len(core) : len(core) + 1] and words[len(core)] in grammar.notes["made"]
        else ()
    )
    found = [word for word in (*core, *after) if word in grammar.notes["material"]]
    stems = dict(note.split(":") for note in grammar.notes.get("stem", ()))
    found += [full for word in core for part, full in stems.items() if word.startswith(part) and word != part]
    return found if len(found) == 1 else []


def _list_genders(colour: str, grammar: Grammar) -> list[str]:
    """List the forms of a colour that no stemmer joins, as `blanc` and `blanche`."""
    forms = dict(note.split(":") for note in grammar.notes.get("gender", ()))
    return [forms[word] for word in split_words(colour).words if word in forms]


def _list_days(fact: Fact, grammar: Grammar) -> Iterator[str]:
    if fact.day is None:
        return
    month = grammar.notes["month"][fact.day.month - 1]
    for shape in grammar.notes["day"]:
        plain = shape.replace("DAY", str(fact.day.day)).replace("MONTH", month)
        if not fact.dated:
            yield plain
        joint = f" {grammar.notes['year'][0]} " if "year" in grammar.notes else " "
        yield from dict.fromkeys((f"{plain}{joint}{fact.day.year}", f"{plain} {fact.day.year}"))


def _list_lists(words: Sequence[str], grammar: Grammar) -> Iterator[str]:
    """List every enumeration of some of the words."""
    joint = grammar.notes["join"][0]
    for width in range(1, min(len(words), 3) + 1):
        for chosen in permutations(words[:3], width):
            yield f" {joint} ".join((" ".join(chosen[:-1]), chosen[-1])) if width > 1 else chosen[0]
            yield " ".join(chosen)


def _say_season(season: str, grammar: Grammar) -> list[str]:
    order = ("spring", "summer", "autumn", "winter")
    return [grammar.notes["season"][order.index(season)]] if season in order else []


def _say_picks(count: int, grammar: Grammar) -> list[str]:
    """Say how many items were picked, in every form that the language has for it."""
    forms = grammar.notes.get("picks", ())
    return forms[count - 1].split("/") if 0 < count <= len(forms) else []


def _drop_shared(names: Iterable[FactName], brief: Brief) -> Iterator[FactName]:
    """Drop the names of things that name two different things."""
    titles = [item.title for item in brief.items]
    things = {fact.code: fact.piece for fact in brief.facts if fact.piece}
    for item in brief.items:
        fact = build_item_id(item.item_id)
        things[fact] = item.title if titles.count(item.title) == 1 else fact
    owners: dict[Phrase, set[str]] = defaultdict(set)
    kept = list(names)
    for name in kept:
        if name.slot in _HEADED:
            owners[name.phrase].add(things[name.fact])
    yield from (name for name in kept if name.slot not in _HEADED or len(owners[name.phrase]) == 1)
