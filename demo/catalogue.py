"""The demo shop's clothes: invented here from lists of our own, the same on every run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

from models.catalogue import ItemRow, Season, StockRow

SEED: Final = 1729
LETTERS: Final = ("XS", "S", "M", "L", "XL")
SHOES: Final = ("36", "37", "38", "39", "40", "41", "42", "43", "44")
ITEMS_PER_CATEGORY: Final = 26


class Category(NamedTuple):
    """A category: its nouns, the cloth it is made of, the sizes it comes in, a price range, and its seasons."""

    nouns: tuple[str, ...]
    cloths: tuple[str, ...]
    sizes: tuple[str, ...]
    prices: tuple[int, int]
    seasons: tuple[Season, ...]


_S = Season
CATEGORIES: Final[dict[str, Category]] = {
    "dress": Category(("wrap dress", "shirt dress", "slip dress", "midi dress"), ("silk", "linen", "jersey", "viscose"),
                  LETTERS, (69, 240), (_S.SPRING, _S.SUMMER, _S.ALL, _S.WINTER)),
    "shirt": Category(("shirt", "blouse", "overshirt", "camp-collar shirt"), ("poplin", "linen", "silk", "flannel"),
                  LETTERS, (45, 140), (_S.ALL, _S.SPRING, _S.SUMMER, _S.AUTUMN)),
    "t-shirt": Category(("T-shirt", "long-sleeve T-shirt", "pocket T-shirt"), ("organic cotton", "slub cotton", "hemp"),
                    LETTERS, (22, 60), (_S.ALL, _S.SUMMER)),
    "knitwear": Category(("crew-neck jumper", "cardigan", "roll-neck jumper", "knitted vest"),
                     ("merino", "lambswool", "cashmere", "cotton"), LETTERS, (75, 280), (_S.AUTUMN, _S.WINTER, _S.ALL)),
    "trousers": Category(("wide-leg trousers", "tapered trousers", "chinos", "pleated trousers"),
                     ("wool", "cotton twill", "linen", "corduroy"), LETTERS, (65, 190), (_S.ALL, _S.AUTUMN, _S.SUMMER)),
    "jeans": Category(("straight jeans", "relaxed jeans", "high-rise jeans"), ("raw denim", "washed denim"),
                  LETTERS, (75, 160), (_S.ALL,)),
    "skirt": Category(("pleated skirt", "A-line skirt", "midi skirt"), ("satin", "wool", "denim", "linen"),
                  LETTERS, (49, 150), (_S.SPRING, _S.SUMMER, _S.AUTUMN)),
    "coat": Category(("overcoat", "trench coat", "duffle coat", "parka"),
                     ("wool", "gabardine", "waxed cotton", "alpaca"),
                 LETTERS, (180, 520), (_S.WINTER, _S.AUTUMN)),
    "jacket": Category(("blazer", "chore jacket", "bomber jacket", "quilted jacket"),
                   ("wool", "cotton drill", "linen", "recycled nylon"), LETTERS, (95, 320), (_S.SPRING, _S.AUTUMN)),
    "shoes": Category(("loafers", "ankle boots", "derby shoes", "low trainers"), ("leather", "suede", "canvas"),
                  SHOES, (85, 260), (_S.ALL, _S.AUTUMN, _S.SUMMER)),
    "bag": Category(("tote bag", "shoulder bag", "crossbody bag"), ("leather", "canvas", "suede"),
                (), (55, 290), (_S.ALL,)),
    "scarf": Category(("scarf", "square scarf", "wrap"), ("cashmere", "silk", "lambswool"),
                  (), (35, 140), (_S.WINTER, _S.AUTUMN, _S.SPRING)),
}  # fmt: skip

COLOURS: Final = (
    "black",
    "navy",
    "cream",
    "camel",
    "olive",
    "rust",
    "rose",
    "sky",
    "burgundy",
    "grey",
    "forest",
    "lilac",
)
CATEGORY_COLOURS: Final[dict[str, tuple[str, ...]]] = {
    "jeans": ("navy", "sky", "black", "grey", "cream"),
    "shoes": ("black", "navy", "cream", "camel", "burgundy", "grey", "rust"),
    "bag": ("black", "navy", "cream", "camel", "burgundy", "olive", "rust"),
}
STYLES: Final = ("classic", "minimal", "romantic", "sporty", "bohemian", "workwear", "evening")
NAMES: Final = ("Ashby", "Bellamy", "Corin", "Dunmore", "Elsie", "Farrow", "Greta", "Hollis", "Imogen", "Jonah",
                "Keswick", "Linden", "Maren", "Nell", "Orla", "Perrin", "Quill", "Rowan", "Saskia", "Thea", "Una",
                "Vesper", "Wren", "Yarrow", "Zinnia")  # fmt: skip
BRANDS: Final[dict[str, tuple[float, tuple[str, ...]]]] = {
    "Harrowvale": (1.1, ("classic", "workwear")),
    "Ondine Row": (1.3, ("romantic", "evening")),
    "Petit Quai": (0.9, ("classic", "romantic")),
    "Marlow Thread": (0.8, ("minimal", "workwear")),
    "Tidemark Supply": (0.7, ("sporty", "workwear")),
    "Casa Lenta": (1.2, ("bohemian", "minimal")),
    "Nine Looms": (1.0, ("bohemian", "classic")),
    "Ember & Oat": (0.9, ("minimal", "sporty")),
}
"""Each brand's price level and the styles it leans to."""
CATEGORY_STYLES: Final[dict[str, tuple[str, ...]]] = {
    "dress": ("romantic", "evening"), "t-shirt": ("sporty", "minimal"), "jeans": ("workwear",),
    "coat": ("classic",), "skirt": ("romantic",), "scarf": ("classic", "bohemian"), "jacket": ("workwear", "classic"),
}  # fmt: skip
GREEN: Final = {
    "linen": 0.85,
    "hemp": 0.95,
    "organic cotton": 0.9,
    "recycled nylon": 0.8,
    "lambswool": 0.7,
    "wool": 0.65,
}


def build_items(now: datetime) -> list[ItemRow]:
    """Build the catalogue as of business time `now`: it grew over the last eighteen months, a few things this week."""
    rng = Random(SEED)
    return [
        _build_item(rng, name, category, number, now)
        for name, category in CATEGORIES.items()
        for number in range(ITEMS_PER_CATEGORY)
    ]


def _build_item(rng: Random, name: str, category: Category, number: int, now: datetime) -> ItemRow:
    brand = rng.choice(sorted(BRANDS))
    level, leanings = BRANDS[brand]
    cloth = rng.choice(category.cloths)
    low, high = category.prices
    price = Decimal(max(low, min(high, round(rng.triangular(low, high, low + (high - low) * 0.3) * level / 5) * 5)) - 1)
    age = timedelta(days=rng.choice((rng.uniform(1, 14), *(rng.uniform(14, 540) for _ in range(5)))))
    return ItemRow(
        item_id=f"{name}-{number + 1:02d}",
        title=f"{rng.choice(NAMES)} {cloth} {rng.choice(category.nouns)}",
        category=name,
        brand=brand,
        colour=rng.choice(CATEGORY_COLOURS.get(name, COLOURS)),
        price=price,
        cost=(price * Decimal(str(round(rng.uniform(0.35, 0.6), 2)))).quantize(Decimal("0.01")),
        season=rng.choice(category.seasons),
        sizes=category.sizes,
        tags=tuple(sorted({rng.choice(leanings), rng.choice(CATEGORY_STYLES.get(name, STYLES)), cloth})),
        sustainability=round(min(1.0, max(0.0, rng.gauss(GREEN.get(cloth, 0.45), 0.08))), 2),
        added_at=now - age,
    )


def build_stock(catalogue: list[ItemRow]) -> Iterator[StockRow]:
    """Build one row a size of an item: most are in stock in some number, one in eight is sold out."""
    rng = Random(SEED + 1)
    for item in catalogue:
        for size in item.sizes or ("",):
            on_hand = 0 if rng.random() < 0.125 else 1 + int(rng.expovariate(1 / 14))
            yield StockRow(sku="-".join(part for part in (item.item_id, size) if part), item_id=item.item_id,
                           size=size, on_hand=on_hand)  # fmt: skip
