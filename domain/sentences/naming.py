"""What the facts of a brief may be called: titles and their heads, colours, makers, days, counts.

A name must be true of its fact. So a title is whole, or its head alone, or loses words of fit at its edge: `Faux
Leather Jacket` is a jacket, and no leather jacket. A name that two facts share names neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations, product

from domain.sentences.catalogue_words import list_forms, list_nouns, list_tags, translate
from domain.sentences.grammar import Grammar
from domain.sentences.matching import FactName, Phrase
from domain.sentences.words import list_keys, split_words
from domain.wording import fold
from models.mail import Brief, BriefItem, Fact

SHOP, SEASON, MESSAGE, KIND, PICKS, SHOWN = "shop", "season", "message", "kind", "picks", "shown"
COUNTS = ("one", "two")
"""Codes of a mail by how many items it shows."""
AMBIENT = frozenset({SHOP, SEASON, KIND, PICKS}) | frozenset(COUNTS)
"""Facts that hold for the whole mail; a sentence need not cite them."""
_HEADED = frozenset({"ITEM", "PIECE"})
_ALIKE = {"ITEM": "NOUN", "PIECE": "OWNED"}
"""What a name is where two things share it: it names the item of its own card, or what a client is said to have."""
_HAD = frozenset({"last_item", "kept_item"})
"""Codes of pieces that the client has."""
_DENIALS = frozenset({"no", "non", "not", "un", "semi", "half", "never", "less", "kein", "nicht"})
"""Words of a title that take back the next one."""


def build_item_id(item_id: str) -> str:
    """Build the id of the fact that an item was picked."""
    return f"item:{item_id}"


def list_codes(brief: Brief) -> dict[str, str]:
    """List the facts of the client's and the mail's own, with the code of each."""
    return {fact.code: fact.code for fact in brief.facts} | {KIND: str(brief.kind)}


def list_counts(shown: int) -> dict[str, str]:
    """List the codes that hold where a mail shows so many items."""
    return {code: code for code in COUNTS[shown - 1 : shown]} if shown else {}


def list_fact_ids(brief: Brief) -> frozenset[str]:
    """List the ids that a sentence may cite."""
    ids = {fact.code for fact in brief.facts} | {build_item_id(item.item_id) for item in brief.items}
    return frozenset(ids | AMBIENT | ({MESSAGE} if brief.message else set()))


def list_names(brief: Brief, grammar: Grammar) -> tuple[FactName, ...]:
    """List every name of every fact of the brief in the grammar's language."""
    names = [name for item in brief.items for name in _name_item(item, grammar)]
    names += [name for fact in brief.facts for name in _name_fact(fact, grammar)]
    names += build_names(SHOP, "SHOP", [brief.shop_name], grammar)
    names += build_names("single", "SINGLE", grammar.notes.get("single", ()), grammar)
    names += build_names(SEASON, "SEASON", say_season(brief.season, grammar), grammar)
    names += [name for item in brief.items for fact in brief.facts for name in _relate(item, fact, brief, grammar)]
    return tuple(_part_shared(dict.fromkeys(names), brief))


def say_day(fact: Fact, grammar: Grammar) -> str:
    """Say the day of a fact in the grammar's language; empty without a day."""
    return next(_list_days(fact, grammar), "")


def say_count(count: int, grammar: Grammar, note: str) -> str:
    """Say a count by the words of a note, `times` or `number`; in figures where it has none for so many."""
    words, (beyond,) = grammar.notes.get(note, ()), grammar.notes.get(f"{note}_beyond", ("{}",))
    return words[count - 1] if 0 < count <= len(words) else beyond.format(count)


def _name_item(item: BriefItem, grammar: Grammar) -> Iterator[FactName]:
    fact = build_item_id(item.item_id)
    colours = _list_colours(item.colour, grammar)
    brands = [item.brand]
    nouns = list_nouns(item.title, item.category, grammar)
    short = [*_list_short_titles(item.title, grammar), *nouns, *(f"{noun} {item.title}" for noun in nouns)]
    short += _list_cloths(item.title, nouns, grammar)
    if len(split_words(item.category).words) == 1:
        short += _list_short_titles(item.category, grammar)
    yield from build_names(fact, "ITEM", _list_nouns(short, colours, brands, grammar), grammar)
    yield from build_names(fact, "BRAND", brands, grammar)
    yield from build_names(fact, "CATEGORY", [item.category], grammar)
    yield from build_names(fact, "COLOUR", [*colours, *_list_genders(item.colour, grammar)], grammar)
    fits = [word for word in _find_core(item.title, grammar) if word in grammar.notes["fitting"]]
    yield from build_names(fact, "FIT", dict.fromkeys((*fits, *list_tags(item, grammar))), grammar)
    yield from build_names(fact, "MATERIAL", _list_materials(item.title, grammar), grammar)


def _name_fact(fact: Fact, grammar: Grammar) -> Iterator[FactName]:
    if fact.piece:
        nouns = list_nouns(fact.piece, "", grammar)
        short = [*_list_short_titles(fact.piece, grammar), *nouns, *(f"{noun} {fact.piece}" for noun in nouns)]
        short += _list_cloths(fact.piece, nouns, grammar)
        colours = _list_colours(fact.colour, grammar)
        yield from build_names(fact.code, "PIECE", _list_nouns(short, colours, [""], grammar), grammar)
        heads = [name for name in short if " " not in name]
        owned = [f"{name.removesuffix('ة')}{'ت' * name.endswith('ة')}ك" for name in heads]
        owned += [f"{own} {fact.piece}" for own in owned]
        yield from build_names(fact.code, "PIECE", owned if grammar.language == "ar" else (), grammar)
    if fact.day is not None:
        yield from build_names(fact.code, "DAY", _list_days(fact, grammar), grammar)
        month = grammar.notes["month"][fact.day.month - 1]
        yield from build_names(
            fact.code, "MONTH", [f"{month} {fact.day.year}", *([] if fact.dated else [month])], grammar
        )
    if fact.count:
        yield from build_names(fact.code, "COUNT", [say_count(fact.count, grammar, "times")], grammar)
        yield from build_names(
            fact.code, "NUMBER", [say_count(fact.count, grammar, "number"), str(fact.count)], grammar
        )
    forms = list_forms(fact, grammar)
    yield from build_names(fact.code, "KIND", forms[0] if forms else (), grammar)
    yield from build_names(fact.code, "WORDS", _list_lists(forms, grammar), grammar)


def _relate(item: BriefItem, fact: Fact, brief: Brief, grammar: Grammar) -> Iterator[FactName]:
    """List what a picked item and a fact of the client's have in common."""
    both = f"{fact.code}={build_item_id(item.item_id)}"
    words = {fold(word): forms for word, forms in zip(fact.words, list_forms(fact, grammar), strict=True)}
    alone = [fold(other.title) for other in brief.items].count(fold(item.title)) == 1
    if alone and fact.piece and fold(fact.piece) == fold(item.title):
        yield FactName(both, "SAME", ())
    if fact.code == "quiz_colours" and fold(item.colour) in words:
        yield FactName(both, "SAME", ())
        colours = [*_list_colours(item.colour, grammar), *_list_genders(item.colour, grammar)]
        yield from build_names(both, "SHARED", colours, grammar)
    if fact.code == "quiz_styles":
        tags = {fold(tag) for tag in list_tags(item, grammar)} & {fold(tag) for tag in item.tags}
        yield from (name for tag in words if tag in tags for name in build_names(both, "SHARED", words[tag], grammar))


def build_names(fact: str, slot: str, texts: Iterable[str], grammar: Grammar) -> Iterator[FactName]:
    """Build the names of a fact from texts that stand for it."""
    for text in texts:
        phrase: Phrase = tuple(list_keys(word, grammar.language) for word in split_words(text).words)
        if phrase:
            yield FactName(fact, slot, phrase)


def _list_nouns(names: Iterable[str], colours: Sequence[str], brands: Sequence[str], grammar: Grammar) -> Iterator[str]:
    """List the noun phrases for a thing: each of its names, with colour and maker around it."""
    for name in dict.fromkeys(names):
        for shape in grammar.notes["np"]:
            for colour in colours if "COLOUR" in shape else ("",):
                for brand in brands if "BRAND" in shape else ("",):
                    if ("COLOUR" in shape and not colour) or ("BRAND" in shape and not brand):
                        continue
                    yield shape.replace("COLOUR", colour).replace("BRAND", brand).replace("NAME", name)


def _list_colours(colour: str, grammar: Grammar) -> list[str]:
    """List what a colour is called: as the shop says it, and in the grammar's language."""
    return list(dict.fromkeys((colour, *translate(colour, "colour", grammar)))) if colour else []


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
    if not first and len(core) > 2 and not {*core} & {*grammar.notes["unmaterial"], *_DENIALS}:
        yield from [f"{core[0]} {head}"] if core[0] not in loose else []  # the name of its line
        yield from [" ".join(core[-2:])] if core[-2] in grammar.notes["fitting"] else []
    if not first and "-" in (last := title.rsplit(maxsplit=1)[-1]) and split_words(last).words == core[-2:]:
        yield " ".join(core[-2:])
    yield from (noun for noun in grammar.notes.get("compound", ()) if head.endswith(noun) and head != noun)


def _list_cloths(title: str, nouns: Sequence[str], grammar: Grammar) -> Iterator[str]:
    """List a thing's nouns with the one material that its title names: `velvet skirt`, `pantalon en lin`."""
    heads = nouns if nouns or "head" in grammar.notes else _find_core(title, grammar)[-1:]
    for material in _list_materials(title, grammar):
        for shape in grammar.notes.get("cloth", ()):
            yield from (shape.replace("MATERIAL", material).replace("NOUN", head) for head in heads)


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


def _list_materials(title: str, grammar: Grammar) -> list[str]:
    """List the one material that a title names, in the grammar's words or as the lexicon translates an English one."""
    return _find_material(title, grammar) or _translate_material(title, grammar)


def _translate_material(title: str, grammar: Grammar) -> list[str]:
    words = [*split_words(title).words]
    loose = {entry.partition(":")[0] for entry in grammar.notes.get("stuff", ())}
    doubts = {*grammar.notes.get("unstuff", ()), *grammar.notes["unmaterial"]}
    if any(doubt in word for word in words for doubt in doubts):
        return []
    found = [word for word in words if word in loose]
    return list(translate(found[0], "stuff", grammar)) if len(found) == 1 else []


def _list_genders(colour: str, grammar: Grammar) -> list[str]:
    """List the forms of a colour that no stemmer joins, as `blanc` and `blanche`."""
    forms = dict(note.split(":") for note in grammar.notes.get("gender", ()))
    return [forms[word] for word in split_words(colour).words if word in forms]


def _list_days(fact: Fact, grammar: Grammar) -> Iterator[str]:
    if fact.day is None:
        return
    month = grammar.notes["month"][fact.day.month - 1]
    for shape in (*(grammar.notes.get("first_day", ()) if fact.day.day == 1 else ()), *grammar.notes["day"]):
        plain = shape.replace("DAY", str(fact.day.day)).replace("MONTH", month)
        if not fact.dated:
            yield plain
        joint = f" {grammar.notes['year'][0]} " if "year" in grammar.notes else " "
        yield from dict.fromkeys((f"{plain}{joint}{fact.day.year}", f"{plain} {fact.day.year}"))


def _list_lists(forms: Sequence[Sequence[str]], grammar: Grammar) -> Iterator[str]:
    """List every enumeration of some of the words. `forms`: what each may be called."""
    joint = grammar.notes["join"][0]
    for width in range(1, min(len(forms), 3) + 1):
        for words in permutations(forms[:3], width):
            for chosen in product(*words):
                yield f" {joint} ".join((" ".join(chosen[:-1]), chosen[-1])) if width > 1 else chosen[0]
                yield " ".join(chosen)


def say_season(season: str, grammar: Grammar) -> list[str]:
    """Say a season in the grammar's language; empty for none."""
    order = ("spring", "summer", "autumn", "winter")
    return [grammar.notes["season"][order.index(season)]] if season in order else []


def _part_shared(names: Iterable[FactName], brief: Brief) -> Iterator[FactName]:
    """Part the names that name two different things from those that name one."""
    titles = [item.title for item in brief.items]
    things = {fact.code: fact.piece for fact in brief.facts if fact.piece}
    for item in brief.items:
        fact = build_item_id(item.item_id)
        things[fact] = item.title if titles.count(item.title) == 1 else fact
    owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
    kept = list(names)
    for name in kept:
        if name.slot in _HEADED:
            owners[_simplify(name.phrase)].add(things[name.fact])
    for name in kept:
        if name.slot not in _HEADED or len(owners[_simplify(name.phrase)]) == 1:
            yield name
        elif name.slot == "ITEM" or name.fact in _HAD:
            yield name._replace(slot=_ALIKE[name.slot])


def _simplify(phrase: Phrase) -> tuple[str, ...]:
    """Return what two phrases that the same words may match have in common: the shortest form of each word."""
    return tuple(min(keys, key=lambda key: (len(key), key)) for keys in phrase)
