"""The demo shop's clothes: built from styles of our own (demo/data/styles.csv), the same on every run."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from models.catalogue import ItemRow, Season, StockRow

FILE: Final = Path(__file__).parent / "data" / "styles.csv"
SEED: Final = 1729
LETTERS: Final = ("XS", "S", "M", "L", "XL")
SHOES: Final = ("36", "37", "38", "39", "40", "41", "42", "43", "44")


class Style(NamedTuple):
    """A kind of piece that the shop sells: its category, what it is made of, its noun, its price in whole units of the
    currency, its colours and what more is true of it."""

    category: str
    cloth: str
    noun: str
    price: int
    season: Season
    tags: tuple[str, ...]
    colours: tuple[str, ...]
    details: str
    """What more is true of it, such as its length, sleeves and care, in words."""


def load_styles() -> tuple[Style, ...]:
    """Load the styles of the shop, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_parse_style(row) for row in csv.DictReader(file))


def _parse_style(row: dict[str, str]) -> Style:
    tags, colours = (tuple(row[name].split()) for name in ("tags", "colours"))
    return Style(row["category"], row["cloth"], row["name"], int(row["price"]), Season(row["season"]), tags, colours,
                 row["details"])  # fmt: skip


STYLES_SOLD: Final = load_styles()
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    style.category: {"shoes": SHOES, "bag": (), "scarf": ()}.get(style.category, LETTERS) for style in STYLES_SOLD
}
"""The sizes in which each category comes."""
COLOURS: Final = tuple(sorted({colour for style in STYLES_SOLD for colour in style.colours}))
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
    rng, counts = Random(SEED), Counter[str]()
    items = []
    for style in STYLES_SOLD:
        for colour in style.colours:
            counts[style.category] += 1
            items.append(_build_item(rng, style, colour, counts[style.category], now))
    return items


def _build_item(rng: Random, style: Style, colour: str, number: int, now: datetime) -> ItemRow:
    brand = rng.choice([name for name, (_, leanings) in BRANDS.items() if {*leanings} & {*style.tags}] or [*BRANDS])
    price = Decimal(max(4, round(style.price * (1 + BRANDS[brand][0]) / 2 * rng.uniform(0.9, 1.1) / 5)) * 5 - 1)
    age = timedelta(days=rng.choice((rng.uniform(1, 14), *(rng.uniform(14, 540) for _ in range(5)))))
    return ItemRow(
        item_id=f"{style.category}-{number:02d}",
        title=f"{rng.choice(NAMES)} {style.cloth} {style.noun}",
        category=style.category,
        brand=brand,
        colour=colour,
        price=price,
        cost=(price * Decimal(str(round(rng.uniform(0.35, 0.6), 2)))).quantize(Decimal("0.01")),
        season=style.season,
        sizes=CATEGORIES[style.category],
        tags=tuple(sorted({*style.tags, style.cloth})),
        sustainability=round(min(1.0, max(0.0, rng.gauss(GREEN.get(style.cloth, 0.45), 0.08))), 2),
        added_at=now - age,
        description=f"{style.details[:1].upper()}{style.details[1:]}." if style.details else "",
    )


def build_stock(catalogue: list[ItemRow]) -> Iterator[StockRow]:
    """Build one row a size of an item: most are in stock in some number, one in eight is sold out."""
    rng = Random(SEED + 1)
    for item in catalogue:
        for size in item.sizes or ("",):
            on_hand = 0 if rng.random() < 0.125 else 1 + int(rng.expovariate(1 / 14))
            yield StockRow(sku="-".join(part for part in (item.item_id, size) if part), item_id=item.item_id,
                           size=size, on_hand=on_hand)  # fmt: skip
