"""Describe the items of a catalogue in the values of wishes: by the words of their titles, tags and colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Final, NamedTuple

from domain.fixes.occasions import list_occasions, score_formality
from domain.fixes.reading.reader import NoteWords, choose_language
from domain.fixes.reading.tokens import Token, split_into_tokens
from domain.fixes.reading.vocabulary import Thing
from domain.fixes.wish_answers import ItemTraits, Trait
from domain.sizes import fold_size
from models.base import ItemId
from models.catalogue import Item, Season
from models.wishes import WishKind

WIDER: Final[Mapping[Trait, tuple[Trait, ...]]] = {
    ("material", "merino"): (("material", "wool"),),
    ("material", "lambswool"): (("material", "wool"),),
    ("colour", "navy"): (("colour", "blue"), ("colour", "dark"), ("colour", "neutral")),
    ("colour", "sky"): (("colour", "blue"), ("colour", "pastel"), ("colour", "pale")),
    ("colour", "forest"): (("colour", "green"), ("colour", "dark")),
    ("colour", "olive"): (("colour", "green"), ("colour", "earthy")),
    ("colour", "burgundy"): (("colour", "red"), ("colour", "dark")),
    ("colour", "rust"): (("colour", "earthy"),),
    ("colour", "camel"): (("colour", "brown"), ("colour", "neutral"), ("colour", "earthy"), ("colour", "pale")),
    ("colour", "brown"): (("colour", "earthy"), ("colour", "neutral")),
    ("colour", "green"): (("colour", "bright"),),
    ("colour", "blue"): (("colour", "bright"),),
    ("colour", "coral"): (("colour", "bright"),),
    ("colour", "turquoise"): (("colour", "bright"),),
    ("pattern", "striped"): (("pattern", "patterned"),),
    ("pattern", "floral"): (("pattern", "patterned"),),
    ("pattern", "checked"): (("pattern", "patterned"),),
    ("pattern", "dotted"): (("pattern", "patterned"),),
    ("pattern", "animal"): (("pattern", "patterned"),),
    ("colour", "cream"): (("colour", "neutral"), ("colour", "pale"), ("colour", "pastel")),
    ("colour", "beige"): (("colour", "neutral"), ("colour", "pale"), ("colour", "pastel")),
    ("colour", "grey"): (("colour", "neutral"),),
    ("colour", "white"): (("colour", "neutral"), ("colour", "pale"), ("colour", "pastel")),
    ("colour", "rose"): (("colour", "pink"), ("colour", "pastel"), ("colour", "pale")),
    ("colour", "lilac"): (("colour", "purple"), ("colour", "pastel"), ("colour", "pale")),
    ("colour", "black"): (("colour", "dark"), ("colour", "neutral")),
    ("colour", "red"): (("colour", "bright"),),
    ("colour", "yellow"): (("colour", "bright"),),
    ("colour", "orange"): (("colour", "bright"),),
    ("colour", "pink"): (("colour", "bright"),),
    ("category", "shirt"): (("category", "top"),),
    ("category", "t-shirt"): (("category", "top"),),
    ("category", "knitwear"): (("category", "top"),),
    ("category", "trousers"): (("category", "bottoms"),),
    ("category", "jeans"): (("category", "bottoms"), ("material", "denim")),
    ("category", "skirt"): (("category", "bottoms"),),
    ("category", "coat"): (("category", "outerwear"),),
    ("category", "jacket"): (("category", "outerwear"),),
}
"""What something is besides, in the wider word."""
FLAT_SHOES: Final = frozenset({"loafers", "trainers", "sandals", "flats", "espadrilles"})
DESCRIBED: Final[frozenset[WishKind]] = frozenset({"fit", "warmth", "material", "pattern"})
"""What is read in descriptions."""
LEGS: Final = frozenset({"straight_leg", "wide_leg", "skinny", "low_waist"})
"""Cuts of trousers, that no other piece has."""
WARM: Final = frozenset(
    {
        "wool",
        "merino",
        "lambswool",
        "cashmere",
        "alpaca",
        "flannel",
        "fur",
        "down",
        "fleece",
        "corduroy",
        "velvet",
        "tweed",
    }
)
THICK: Final = frozenset({"lambswool", "alpaca", "mohair"})
"""Yarns of thick jumpers; merino and cashmere are fine."""
FINE: Final = frozenset({"merino", "cashmere", "cotton", "silk", "linen", "viscose"})
"""Yarns of thin jumpers, unless they are of a coarse stitch."""
DELICATE: Final = frozenset({"silk", "satin", "velvet", "lace", "cashmere", "wool", "alpaca", "suede", "mohair"})
"""Cloths that go into no machine, unless the shop says so."""
SOFT: Final = frozenset({"jersey", "merino", "cashmere", "fleece"})
"""Cloths that give way."""
LIGHT: Final = frozenset({"linen", "silk", "viscose", "jersey", "hemp", "satin", "cotton"})
NEVER_LIGHT: Final = frozenset({"coat", "knitwear", "shoes", "bag", "jeans"})
NEVER_WARM: Final = frozenset({"shoes", "bag"})


class CatalogueWords(NamedTuple):
    """What the words of a catalogue mean: its categories and its colours."""

    categories: Mapping[str, Thing]
    colours: Mapping[str, str]


def map_catalogue(categories: Iterable[str], colours: Iterable[str], vocabulary: NoteWords) -> CatalogueWords:
    """Map the categories and colours of a catalogue to the values of wishes."""
    return CatalogueWords(
        {word: _find_thing(word, "category", vocabulary) for word in categories},
        {word: _find_thing(word, "colour", vocabulary).value for word in colours},
    )


def _find_thing(word: str, kind: WishKind, vocabulary: NoteWords) -> Thing:
    """Find what a word of the catalogue means; one that no language knows means itself."""
    things = [thing for thing in _list_things(word, vocabulary) if thing.kind == kind]
    return things[0] if things else Thing(kind, word.strip().casefold())


def _list_things(text: str, vocabulary: NoteWords, around: str = "") -> list[Thing]:
    """List what a text names, in the language of what stands around it: a German "Shirt" is a T-shirt, an English one
    is not."""
    tokens = split_into_tokens(text)
    language = choose_language(split_into_tokens(around) if around else tokens, vocabulary)
    marks = language.find_marks(language.separate(tokens)) if language is not None else []
    return [thing for mark in marks for thing in mark.meaning.things if not thing.opposite]


def describe_items(items: Mapping[ItemId, Item], vocabulary: NoteWords) -> dict[ItemId, ItemTraits]:
    """Describe items in the values of wishes."""
    return {item_id: describe_item(item, vocabulary) for item_id, item in items.items()}


@lru_cache(maxsize=50_000)
def describe_item(item: Item, vocabulary: NoteWords) -> ItemTraits:
    """Describe one item: what its title, category, colour, tags, materials, occasions and season say, and what follows
    from that."""
    text = " , ".join((item.title, item.category, *item.tags, *item.materials))
    category = _find_thing(item.category, "category", vocabulary)
    things = [thing for thing in _list_things(text, vocabulary) if thing.kind not in ("category", "colour", "occasion")]
    named = [thing for thing in _list_things(item.title, vocabulary, text) if thing.kind == "category"]
    details = {thing.detail for thing in named if thing.value == category.value}
    if _ends_with(item.title, item.category):  # what the shop calls a shirt is none of another language's T-shirts
        named = []
    traits: set[Trait] = {(thing.kind, thing.value) for thing in things}
    traits |= {("category", category.value), ("category", item.category.strip().casefold())}
    traits |= {("category", thing.value) for thing in named[-1:]}
    traits |= {("style", tag.casefold()) for tag in item.tags}
    if item.colour:
        traits |= {("colour", _find_thing(item.colour, "colour", vocabulary).value)}
    if item.brand:
        traits.add(("brand", item.brand))
    if not any(kind == "pattern" for kind, _ in traits):
        traits.add(("pattern", "plain"))
    traits |= _list_described(item, vocabulary, traits)
    _widen(traits)
    _add_comfort(traits, category.value, item.season, details)
    formality = _add_occasions(traits, category.value, details)
    traits |= {("occasion", _find_thing(word, "occasion", vocabulary).value) for word in item.occasions}
    sizes = frozenset(map(fold_size, item.sizes))
    kinds = frozenset(details | {category.detail}) - {""}
    if "jumper" in kinds and ({value for kind, value in traits if kind == "material"} & THICK or "chunky" in text):
        kinds |= {"thick"}
    return ItemTraits(frozenset(traits), kinds, sizes, item.price_cents, formality, item.season)


def _ends_with(title: str, category: str) -> bool:
    words, kind = title.casefold().split(), category.strip().casefold()
    return bool(words) and kind in (words[-1], words[-1] + "s", words[-1].removesuffix("s"))


def _list_described(item: Item, vocabulary: NoteWords, known: Set[Trait]) -> set[Trait]:
    """List what the title says of the shape of an item, and its description of cut, warmth, cloth and pattern; a cloth
    or pattern only where title and fields say none, since descriptions speak of other things as well."""
    tokens = split_into_tokens(f"{item.title} . {item.description}")
    language = choose_language(tokens, vocabulary)
    if language is None:
        return set()
    told = {kind for kind, _ in known}
    open_kinds = DESCRIBED - ({"material", "pattern"} & told)
    marks = language.find_marks(language.separate(tokens)) if item.description else []
    refused = {mark.end + step for mark in marks if mark.meaning.cue in ("not", "refuse", "go_with") for step in (0, 1)}
    described: set[Trait] = {
        (thing.kind, thing.value)
        for mark in marks
        if mark.start not in refused
        for thing in mark.meaning.things
        if thing.kind in open_kinds and not thing.opposite
    }
    for value, words in language.words.get("shapes", {}).items():
        if any(place not in refused for word in words for place in _find_places(word.split(), tokens)):
            described.add(("fit", value))
    legs = ("category", "trousers") in known or ("category", "jeans") in known
    return {trait for trait in described if legs or trait[1] not in LEGS}


def _find_places(words: Sequence[str], tokens: Sequence[Token]) -> Iterator[int]:
    """Find the places where words stand in a text."""
    texts = [token.text for token in tokens]
    return (place for place in range(len(texts)) if texts[place : place + len(words)] == [*words])


def _widen(traits: set[Trait]) -> None:
    for trait in list(traits):
        traits.update(WIDER.get(trait, ()))
    if any(kind == "colour" for kind, _ in traits) and ("colour", "neutral") not in traits:
        traits.add(("colour", "colourful"))


def _add_comfort(traits: set[Trait], category: str, season: Season, details: set[str]) -> None:
    """Add how warm an item is, its season, and flat heels where its kind has no others."""
    materials = {value for kind, value in traits if kind == "material"}
    if ("warmth", "warm") not in traits and materials & WARM and category not in NEVER_WARM:
        traits.add(("warmth", "warm"))
    light = bool(materials & LIGHT) and not materials & WARM and category not in NEVER_LIGHT
    if ("warmth", "warm") not in traits and (light or season is Season.SUMMER):
        traits.add(("warmth", "light"))
    if category == "knitwear" and materials & FINE and not materials & THICK and ("fit", "chunky") not in traits:
        traits.add(("warmth", "light"))
    if season is not Season.ALL:
        traits.add(("season", season.value))
    if season is Season.AUTUMN and ("warmth", "warm") in traits:
        traits.add(("season", "winter"))
    if materials & SOFT or "joggers" in details or ("fit", "stretch") in traits:
        traits.add(("fit", "comfortable"))
    if materials & DELICATE and ("fit", "easy_care") not in traits:
        traits.add(("fit", "delicate"))
    if category == "shoes" and details & FLAT_SHOES and ("fit", "heels") not in traits:
        traits.add(("fit", "flat"))


def _add_occasions(traits: set[Trait], category: str, details: set[str]) -> float:
    """Add the occasions that an item suits; return how formal it is."""
    of = {kind: {value for own, value in traits if own == kind} for kind in ("style", "material", "colour", "fit")}
    formality = score_formality(category, details, of["material"], of["style"])
    in_colour = {f"{word} {category}" for word in of["colour"] | of["material"]}
    words = {category, *details, *of["style"], *of["material"], *of["fit"], *in_colour}
    traits |= {("occasion", name) for name in list_occasions(formality, words)}
    return formality
