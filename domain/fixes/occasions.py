"""Which pieces suit an occasion: by how formal they are, and by what is never worn there.

How formal a piece is follows from its kind, its cloth and its style: trainers are casual, a silk blouse is dressy. An
occasion takes a range of it. What the shop knows of an item itself counts first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final, NamedTuple

KINDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "dress": 2.8, "shirt": 2.25, "t-shirt": 1.0, "knitwear": 2.0, "trousers": 2.25, "jeans": 1.0, "skirt": 2.0,
        "coat": 2.5, "jacket": 2.0, "shoes": 2.0, "bag": 2.0, "scarf": 2.25, "top": 1.5, "jumpsuit": 2.5, "suit": 3.2,
        "shorts": 0.75, "leggings": 0.25, "hoodie": 0.25, "sweatshirt": 0.25, "tie": 3.2, "waistcoat": 2.75,
        "blouse": 2.75, "overshirt": 1.0, "blazer": 3.0, "bomber": 1.0, "chore jacket": 1.0, "quilted jacket": 1.25,
        "fleece jacket": 0.5, "chinos": 2.0, "joggers": 0.0, "trainers": 0.75, "loafers": 2.25, "flats": 2.4,
        "boots": 1.75, "sandals": 1.25, "pumps": 3.0, "heels": 3.0, "espadrilles": 0.75, "parka": 1.0,
        "raincoat": 1.25, "trench": 2.5, "duffle": 1.75, "tote": 1.75, "clutch": 3.5, "backpack": 0.75,
        "crossbody": 1.5, "basket": 1.25, "wrap dress": 2.75, "slip dress": 3.2, "shirt dress": 2.0, "sundress": 1.5,
        "T-shirt dress": 1.0, "neat top": 2.4, "roll-neck top": 2.4, "sleeveless top": 2.4,
    }
)  # fmt: skip
"""How formal a category, or a narrower kind of it, usually is: 0 for sport, 1 casual, 2 neat, 3 smart, 4 festive."""
CLOTHS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "silk": 0.75, "satin": 0.9, "velvet": 0.75, "lace": 1.0, "crepe": 0.5, "cashmere": 0.4, "wool": 0.25,
        "merino": -0.2, "lambswool": -0.25, "denim": -0.75, "canvas": -0.75, "flannel": -1.0, "corduroy": -0.5,
        "synthetic": -0.75, "hemp": -0.75, "jersey": -0.5, "linen": -0.4, "fleece": -1.0, "straw": -0.5,
    }
)  # fmt: skip
STYLES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "evening": 0.6, "elegant": 0.4, "smart": 0.4, "classic": 0.1, "romantic": 0.25, "bohemian": -0.3,
        "casual": -0.5, "sporty": -0.75, "workwear": -0.6,
    }
)  # fmt: skip
USUAL: Final = 2.0


class Occasion(NamedTuple):
    """From how formal to how formal pieces suit, and what is never worn there: kinds, cloths and styles."""

    least: float
    most: float
    never: frozenset[str] = frozenset()


_ROUGH: Final = frozenset({"denim", "flannel", "canvas", "sporty", "workwear", "corduroy", "jeans", "cotton t-shirt"})
_HEAVY: Final = frozenset({"jumper", "knitted dress", "trench", "tote", "wool jacket", "wool scarf", "loafers"})
"""What is for the day or for the cold."""
OCCASIONS: Final[Mapping[str, Occasion]] = MappingProxyType(
    {
        "work": Occasion(1.9, 4.3, frozenset({"sporty", "denim", "satin"})),
        "interview": Occasion(2.3, 4.3, _ROUGH | {"satin", "evening", "bohemian"}),
        "wedding": Occasion(2.75, 9, _ROUGH | _HEAVY | {"boots"} | {
            "white dress", "cream dress", "black dress", "black jacket", "black coat", "black knitwear",
        }),
        "party": Occasion(2.7, 9, _ROUGH | _HEAVY),
        "evening": Occasion(2.7, 9, _ROUGH | _HEAVY),
        "date": Occasion(2.1, 9, frozenset({"sporty", "flannel", "cotton knitwear", "wool scarf"})),
        "ceremony": Occasion(2.4, 9, _ROUGH),
        "everyday": Occasion(-9, 2.65, frozenset({"evening", "satin", "clutch"})),
        "travel": Occasion(-9, 2.65, frozenset({"evening", "satin", "clutch", "heels"})),
        "holiday": Occasion(-9, 2.85, frozenset(
            {"evening", "satin", "clutch", "heels", "wool", "cashmere", "velvet", "corduroy", "alpaca", "coat", "boots"}
        )),
        "sport": Occasion(-9, 1.0, frozenset({"denim", "leather", "suede", "wool", "linen", "silk", "dress", "skirt"})),
        "cycling": Occasion(-9, 9, frozenset({"wide_leg", "heels", "clutch", "tote"})),
        "outdoors": Occasion(-9, 2.1, frozenset(
            {"silk", "satin", "lace", "velvet", "heels", "clutch", "suede", "cashmere"}
        )),
        "home": Occasion(-9, 2.3, frozenset(
            {"coat", "jacket", "blazer", "shoes", "bag", "satin", "evening", "denim", "heels", "scarf", "leather"}
        )),
    }
)  # fmt: skip


def score_formality(category: str, details: Iterable[str], cloths: Iterable[str], styles: Iterable[str]) -> float:
    """Score how formal a piece is, about 0 for sport to 4 for a ball.

    Args:
        category: in the values of wishes, such as knitwear.
        details: narrower words for the category.
    """
    kinds = [KINDS[detail] for detail in details if detail in KINDS]
    base = min(kinds) if kinds else KINDS.get(category, USUAL)
    named = {*cloths}
    named -= {"wool"} if named & {"merino", "lambswool"} else set()
    cloth = [CLOTHS[word] for word in named if word in CLOTHS]
    strongest = max(cloth, key=lambda shift: (abs(shift), shift), default=0.0)
    return round(base + strongest + sum(STYLES.get(style, 0.0) for style in styles), 2)


def list_occasions(formality: float, words: AbstractSet[str]) -> frozenset[str]:
    """List the occasions that a piece suits. `words`: its category, narrower kinds, cloths and styles, and colours and
    cloths with the category, as in "white dress"."""
    return frozenset(
        name
        for name, occasion in OCCASIONS.items()
        if occasion.least <= formality <= occasion.most and not words & occasion.never
    )
