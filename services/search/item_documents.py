"""Documents for the search engine: what is said of an item, and in which sizes it is in stock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from algorithms.blending.catalogue import Catalogue
from domain.fixes.reading.tokens import fold_text
from domain.search.clauses import Facet
from domain.sizes import fold_size
from models.catalogue import Item, Season
from services.search.search_engine import ItemDocument

SEASONS: Final = tuple(season.value for season in Season)

Label: TypeAlias = tuple[Facet, str]
"""A facet and a value of it, as compared."""


def fold_value(value: str) -> str:
    """Return the value of a facet as it is compared: capitals, accents and outer spaces do not count."""
    return fold_text(value.strip())


def list_stocked_sizes(catalogue: Catalogue, index: int) -> tuple[str, ...]:
    """List the sizes of an item that are in stock, as compared; what has no size is in stock in each that it is made
    in."""
    item, rows = catalogue.items[index], catalogue.on_hand[:, index]
    if not len(rows):
        return ()
    names = (size for size, row in catalogue.sizes.items() if row and rows[row] > 0)
    made = map(fold_size, item.sizes) if rows[0] > 0 else ()
    return tuple(dict.fromkeys(size for size in (*names, *made) if size))


def build_item_document(catalogue: Catalogue, index: int) -> ItemDocument:
    """Build the document of the item at `index`."""
    item = catalogue.items[index]
    return ItemDocument(
        item_id=item.item_id,
        title=item.title,
        about=" . ".join((item.category, item.brand, item.colour, *item.tags, *item.materials, *item.occasions)),
        description=item.description,
        facets={
            "category": _fold((item.category,)),
            "brand": _fold((item.brand,)),
            "colour": _fold((item.colour,)),
            "size": list_stocked_sizes(catalogue, index),
            "material": _fold(item.materials),
            "occasion": _fold(item.occasions),
            "season": SEASONS if item.season is Season.ALL else (item.season.value,),
        },
        stocked=bool(catalogue.total_units[index] > 0),
        price=item.price_cents,
        added=max(0, int(item.added_at.timestamp())),
        sustainability=None if item.sustainability is None else round(item.sustainability * 1_000),
    )


def list_labels(item: Item) -> Iterable[tuple[Label, str]]:
    """List the values of an item as compared, each with how it is written."""
    words: tuple[tuple[Facet, tuple[str, ...]], ...] = (
        ("category", (item.category,)),
        ("brand", (item.brand,)),
        ("colour", (item.colour,)),
        ("material", item.materials),
        ("occasion", item.occasions),
    )
    for facet, values in words:
        yield from (((facet, fold_value(value)), value.strip()) for value in values if value)
    yield from ((("size", fold_size(size)), size.strip()) for size in item.sizes)


def _fold(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold_value(value) for value in values if value.strip()))
