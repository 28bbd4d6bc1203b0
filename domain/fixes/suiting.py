"""Say what speaks against a piece: what the client wants of the whole box, and does not find in it.

A wish that names no category, such as "linen or cotton" or "for a wedding", is for every piece that can meet it. Of
several things of one kind one is enough. What the catalogue does not say of a piece speaks neither for nor against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final

from domain.fixes.occasions import KINDS, OCCASIONS, USUAL, list_occasions
from domain.fixes.wish_answers import QUIET_COLOURS, ItemTraits, is_named
from models.base import Sku
from models.catalogue import Season
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish, WishKind

EXTRAS: Final = frozenset({"shoes", "bag", "jewellery", "hat", "belt", "sunglasses", "gloves", "watch"})
"""What colours and cloths of clothes are not asked of."""
KNITTED: Final = frozenset({"cashmere", "merino", "lambswool", "alpaca", "mohair", "angora"})
"""Yarns, of which only knitwear and scarves are asked."""
CONTRARY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "classic": frozenset({"sporty", "bohemian"}),
        "elegant": frozenset({"sporty", "workwear", "casual"}),
        "smart": frozenset({"sporty", "workwear", "casual", "bohemian"}),
        "minimal": frozenset({"bohemian", "romantic"}),
        "romantic": frozenset({"sporty", "workwear"}),
        "bohemian": frozenset({"sporty", "smart", "minimal", "elegant"}),
        "sporty": frozenset({"evening", "romantic", "elegant", "smart"}),
        "casual": frozenset({"evening", "elegant", "smart"}),
        "workwear": frozenset({"evening", "romantic", "elegant"}),
    }
)
"""Styles that a piece may not have where another is wanted, which it has not."""
CONTRARY_FITS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "loose": frozenset({"slim", "skinny"}),
        "oversized": frozenset({"slim", "skinny"}),
        "comfortable": frozenset({"skinny", "heels"}),
        "slim": frozenset({"loose", "oversized", "wide_leg"}),
        "wide_leg": frozenset({"slim", "skinny", "straight_leg"}),
        "straight_leg": frozenset({"slim", "skinny", "wide_leg"}),
        "high_waist": frozenset({"low_waist"}),
        "long": frozenset({"short", "cropped"}),
        "short": frozenset({"long"}),
        "long_sleeves": frozenset({"short_sleeves", "sleeveless"}),
        "sleeveless": frozenset({"long_sleeves"}),
        "easy_care": frozenset({"delicate"}),
    }
)
"""Cuts that a piece may not have where another is wanted, which it has not."""
NEVER: Final = 1_000
"""The weight of what no stylist sends: heels to who wants flat shoes."""
BY_NAME: Final = frozenset({"coat", "shoes", "bag"})
"""What is worn on the way there: who asks for a raincoat for work gets one."""
WIDE_KINDS: Final[Mapping[str, float]] = MappingProxyType({"top": KINDS["neat top"]})
"""Words that stand for kinds from casual to festive: how formal those in the middle are."""
FINER: Final = 0.75
"""How much more formal, or less, a cloth or a style makes a piece of a kind."""
FESTIVE: Final = ("silk", "satin", "velvet", "lace")
FEASTS: Final = frozenset({"party", "evening", "wedding", "date", "ceremony"})
"""Occasions for which people dress up."""
ALWAYS: Final = frozenset({"cycling"})
"""What a piece must suit beside any other occasion that is named."""
OVER: Final = frozenset({"jacket", "knitwear", "scarf"})
"""What goes over bright clothes in a pale colour as well."""
LIGHT_COLOURS: Final = frozenset({"pale", "pastel", "bright"})
TIED: Final[frozenset[WishKind]] = frozenset({"colour", "material", "pattern", "warmth", "season", "occasion"})
"""What a piece must have where it is plainly wanted of its category."""
SEASONAL: Final = frozenset({"material", "season", "warmth", "occasion"})
"""What is asked of a kind of piece and may mean another season: a linen dress, but no navy or flat one."""
AWAY: Final[Mapping[str, frozenset[Season]]] = MappingProxyType(
    {
        "winter": frozenset({Season.SUMMER, Season.SPRING}),
        "summer": frozenset({Season.WINTER, Season.AUTUMN}),
        "spring": frozenset({Season.WINTER}),
        "autumn": frozenset({Season.SUMMER}),
    }
)
"""Seasons whose pieces are wrong where another is wanted."""


def count_misses(wish: FixWish, item: ItemTraits) -> int:
    """Count what an item lacks of what the client asks of the whole box, or of its category, by how much a stylist
    minds: the occasion most, a style least."""
    wanted = list_whole_wishes(wish.wishes)
    misses = {
        NEVER: _has_heels(wish.wishes, item),
        4: _is_out_of_place(wanted.get("occasion", ()), item, wish),
        3: _is_for_another_season(wanted.get("season", ()), item) or _has_contrary_fit(wish.wishes, item),
        2: _is_dressed_up(wish, item),
        1: _is_contrary(wanted.get("style", ()), item),
    }
    quiet = {"neutral"} & {entry.value for entry in wanted.get("colour", ()) if entry.strength == "must"}
    alike = (
        bool(quiet) and "pattern" not in wanted and ("pattern", "patterned") in item.traits,
        _lacks_material(wanted.get("material", ()), item),
        _is_too_warm(wanted.get("warmth", ()), item),
    )
    colour = _rate_colour(wanted.get("colour", ()), item)
    return (
        sum(weight for weight, missed in misses.items() if missed)
        + colour
        + 2 * sum(alike)
        + 3 * _count_tied(wish, item)
    )


def list_out_of_season(
    wish: FixWish, candidates: Sequence[FixItem], seasons: Mapping[Sku, Season], suits: Mapping[Season, float]
) -> frozenset[Sku]:
    """List the candidates for another season, of roles that have others. What the client
    asked for stays where there is no other, and a linen dress or a raincoat, which was named, in any case."""
    musts = [entry for entry in wish.wishes if entry.strength == "must"]
    tied = {entry.key for entry in musts if entry.category and entry.kind in SEASONAL}
    kinds = {entry.key for entry in musts if entry.kind == "category"}
    names = {entry.detail for entry in musts if entry.kind == "category"}
    group_of = {item.sku: (item.role, frozenset(kinds & set(item.answers))) for item in candidates}
    away = {
        item.sku
        for item in candidates
        if suits.get(seasons[item.sku], 1.0) <= 0 and not (tied & set(item.answers) or names & set(item.kinds))
    }
    others = {group_of[item.sku] for item in candidates if item.sku not in away}
    return frozenset(sku for sku in away if group_of[sku] in others)


def list_whole_wishes(wishes: Iterable[ClientWish]) -> dict[WishKind, list[ClientWish]]:
    """List what is wanted of all pieces, by kind."""
    by_kind: dict[WishKind, list[ClientWish]] = {}
    for entry in wishes:
        if entry.strength != "avoid" and not entry.category:
            by_kind.setdefault(entry.kind, []).append(entry)
    return by_kind


def _list_values(item: ItemTraits, kind: WishKind) -> frozenset[str]:
    return frozenset(value for own, value in item.traits if own == kind)


def _is_out_of_place(occasions: Iterable[ClientWish], item: ItemTraits, wish: FixWish) -> bool:
    """Return whether a piece suits none of the occasions; jeans for work are what the client asked for by name, and so
    is a cashmere jumper for days at home."""
    known = {entry.value for entry in occasions} & set(OCCASIONS)
    own = _list_values(item, "occasion")
    if known & ALWAYS - own:
        return True
    known = (known & {"home"} if "work" not in known else set()) or known - ALWAYS
    if not known or known & own:
        return False
    named = [entry for entry in wish.wishes if entry.kind == "category" and entry.strength != "avoid"]
    of_kind = [entry for entry in named if ("category", entry.value) in item.traits]
    cloths = [entry for entry in wish.wishes if entry.kind == "material" and entry.category]
    if any(entry.strength == "must" and is_named(entry, item) for entry in cloths):
        return False
    of_name = any(entry.value in BY_NAME and entry.detail in item.details for entry in of_kind)
    return not of_name and not any(_never_suits(known, entry) for entry in of_kind)


def _never_suits(occasions: AbstractSet[str], kind: ClientWish) -> bool:
    """Return whether no piece of a kind suits the occasions, in whatever cloth."""
    words = frozenset({kind.value, kind.detail or kind.value, "denim" if kind.value == "jeans" else kind.value})
    base = KINDS.get(kind.detail, WIDE_KINDS.get(kind.value, KINDS.get(kind.value, USUAL)))
    return not any(occasions & list_occasions(base + shift, words) for shift in (-FINER, 0.0, FINER))


def _has_heels(wishes: Iterable[ClientWish], item: ItemTraits) -> bool:
    """Return whether shoes have heels where flat ones are wanted."""
    flat = any((entry.kind, entry.value, entry.strength) == ("fit", "flat", "must") for entry in wishes)
    return flat and ("fit", "heels") in item.traits and ("fit", "flat") not in item.traits


def _is_dressed_up(wish: FixWish, item: ItemTraits) -> bool:
    """Return whether a piece is for evenings, of which the client says nothing: a clutch is, whatever its style."""
    wanted = [
        entry
        for entry in wish.wishes
        if entry.strength != "avoid" and (not entry.category or ("category", entry.category) in item.traits)
    ]
    named = {(entry.kind, entry.value) for entry in wanted}
    styles = _list_values(item, "style")
    feast = FEASTS & {value for kind, value in named if kind == "occasion"} or ("style", "elegant") in named
    if not wish.wishes or feast or {entry.detail for entry in wanted if entry.detail} & item.details:
        return False
    if "clutch" in item.details or _has_unasked_heels(named, item):
        return True
    cloths = {("material", name) for name in FESTIVE} & item.traits
    asked = cloths & named or styles & {value for kind, value in named if kind == "style"}
    open_kind = ("category", "dress") in item.traits or ("surprise", "yes") in named
    return "evening" in styles and not open_kind and not asked


def _has_unasked_heels(named: AbstractSet[tuple[WishKind, str]], item: ItemTraits) -> bool:
    """Return whether a piece has heels, where neither shoes nor heels were asked for, and work asks for none."""
    asked = {("category", "shoes"), ("fit", "heels"), ("occasion", "work"), ("occasion", "interview")}
    return ("fit", "heels") in item.traits and not asked & named


def _rate_colour(colours: Iterable[ClientWish], item: ItemTraits) -> int:
    """Rate how far the colour of a piece is from those plainly wanted, 0 to 3; 1 is another colour than a quiet one,
    where bright ones are wanted."""
    own = _list_values(item, "colour")
    plain = [entry for entry in colours if entry.strength == "must"]
    if not plain or not own or any(entry.value in own for entry in colours):
        return 0
    light = "dark" in own and any(entry.value in LIGHT_COLOURS for entry in plain)
    if _list_values(item, "category") & EXTRAS and own & QUIET_COLOURS and not light:
        return 0
    if (
        all(entry.value == "bright" for entry in plain)
        and own & {"pale", "camel"}
        and _list_values(item, "category") & OVER
    ):
        return 0
    return 1 if "colourful" in own and any(entry.value == "bright" for entry in plain) else 3


def _lacks_material(materials: Iterable[ClientWish], item: ItemTraits) -> bool:
    own = _list_values(item, "material")
    plain = [entry for entry in materials if entry.strength == "must"]
    kinds = _list_values(item, "category")
    if not plain or not own or kinds & EXTRAS:
        return False
    if {entry.value for entry in plain} <= KNITTED and not kinds & {"knitwear", "scarf"}:
        return False
    return "denim" in own - {e.value for e in plain} or all(entry.value not in own for entry in materials)


def _is_for_another_season(seasons: Iterable[ClientWish], item: ItemTraits) -> bool:
    asked = {entry.value for entry in seasons if entry.value in AWAY}
    too_warm = asked <= {"summer"} and ("warmth", "warm") in item.traits
    return bool(asked) and (too_warm or all(item.season in AWAY[name] for name in asked))


def _is_contrary(styles: Iterable[ClientWish], item: ItemTraits) -> bool:
    own = _list_values(item, "style")
    wanted = {entry.value for entry in styles}
    return bool(wanted) and not wanted & own and all(own & CONTRARY.get(style, frozenset()) for style in wanted)


def _count_tied(wish: FixWish, item: ItemTraits) -> int:
    """Count what a piece of a category lacks of what is plainly wanted of it: a navy dress for a red one."""
    tied: dict[tuple[WishKind, str], list[str]] = {}
    for entry in wish.wishes:
        if entry.strength == "must" and entry.kind in TIED and ("category", entry.category) in item.traits:
            tied.setdefault((entry.kind, entry.category), []).append(entry.value)
    return sum(
        not _list_values(item, kind) & {*values}
        and bool(_list_values(item, kind) - {"plain"} or (kind == "warmth" and _list_values(item, "material")))
        for (kind, _), values in tied.items()
    )


def _has_contrary_fit(wishes: Iterable[ClientWish], item: ItemTraits) -> bool:
    """Return whether a piece is cut against what is plainly wanted: slim where loose is."""
    own = _list_values(item, "fit")
    wanted = {
        entry.value
        for entry in wishes
        if entry.kind == "fit"
        and entry.strength == "must"
        and (not entry.category or ("category", entry.category) in item.traits)
    }
    return not wanted & own and any(own & CONTRARY_FITS.get(value, frozenset()) for value in wanted)


def _is_too_warm(warmth: Iterable[ClientWish], item: ItemTraits) -> bool:
    asked = {entry.value for entry in warmth if entry.strength == "must"}
    return asked == {"light"} and ("warmth", "warm") in item.traits
