"""Keeps the search index as the catalogue and the stock in memory are, off the path of requests."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.fixes.reading.items import map_catalogue
from domain.fixes.reading.reader import NoteWords
from domain.search.query_reading import SearchWords, build_words
from models.base import ItemId
from models.catalogue import Item
from services.fixes.vocabulary_files import load_vocabulary
from services.recommendations.recommender import Recommender
from services.repeated_work import RepeatedWork
from services.search.item_documents import Label, build_item_document, list_labels
from services.search.search_engine import ItemDocument, SearchEngine
from services.search.search_metrics import index_seconds, indexed_items

EVERY_SECONDS: Final = 0.1
"""Real seconds between two looks at what the follower of changes took up."""
AT_ONCE: Final = 200
"""Items looked at before answers get the interpreter."""


class IndexKeeper:
    """The thread."""

    def __init__(self, engine: SearchEngine, recommender: Recommender, folder: Path | None) -> None:
        self._engine, self._recommender, self._folder = engine, recommender, folder
        self._indexed: Catalogue | None = None
        self._named: tuple[tuple[str, ...], ...] = ()
        self._words: SearchWords | None = None
        self.labels: dict[Label, str] = {}
        """How each value of a facet is written."""
        self._work = RepeatedWork("search", self._look, EVERY_SECONDS, "the search index cannot be kept")

    def start(self) -> None:
        """Begin, with all items."""
        self._work.start()

    @property
    def words(self) -> SearchWords | None:
        """The words in which searches are read; None until all items are indexed once."""
        return None if self._indexed is None else self._words

    def close(self) -> None:
        """End the thread."""
        self._work.close()

    def _look(self) -> None:
        catalogue = self._recommender.peek_state().blend.catalogue
        if catalogue is self._indexed:
            return
        began = time.monotonic()
        old = self._indexed
        if old is None or catalogue.items is not old.items:
            self._take_words(catalogue.items)
        changed, gone = _find_changes(old, catalogue)
        if changed or gone:
            self._engine.update(self._build_documents(catalogue, changed), gone)
        self._indexed = catalogue
        indexed_items.set(len(catalogue))
        index_seconds.set(time.monotonic() - began)

    def _build_documents(self, catalogue: Catalogue, changed: Sequence[int]) -> Iterator[ItemDocument]:
        rest = iter(changed)
        while batch := list(islice(rest, AT_ONCE)):
            yield from (build_item_document(catalogue, index) for index in batch)
            time.sleep(0)

    def _take_words(self, items: Sequence[Item]) -> None:
        """Take the words of the catalogue up, where there are others than before."""
        self.labels = dict(label for item in items for label in list_labels(item))
        named = tuple(
            tuple(sorted({getattr(item, field) for item in items} - {""})) for field in ("category", "colour", "brand")
        )
        if named == self._named and self._words is not None:
            return
        categories, colours, brands = named
        languages: NoteWords = load_vocabulary(self._folder, categories, brands)
        self._words = build_words(languages, map_catalogue(categories, colours, languages))
        self._engine.learn_words({word for words in self._words.synonyms.values() for word in words if " " not in word})
        self._named = named


def _find_changes(old: Catalogue | None, new: Catalogue) -> tuple[list[int], list[ItemId]]:
    """Find which items of `new` are to be indexed, by index, and which are to go. Retired items are not held."""
    held = [index for index, item in enumerate(new.items) if item.retired_at is None]
    if old is None:
        return held, []
    if new.items is old.items and new.sizes == old.sizes:
        moved = np.flatnonzero(((new.on_hand > 0) != (old.on_hand > 0)).any(axis=0)).tolist()
        return [index for index in moved if new.items[index].retired_at is None], []
    changed = [index for index in held if not _is_same(old, new, index)]
    kept = {new.items[index].item_id for index in held}
    return changed, [item.item_id for item in old.items if item.retired_at is None and item.item_id not in kept]


def _is_same(old: Catalogue, new: Catalogue, index: int) -> bool:
    item = new.items[index]
    before = old.index.get(item.item_id)
    return before is not None and old.items[before] == item and _is_stock_same(old, before, new, index)


def _is_stock_same(old: Catalogue, before: int, new: Catalogue, index: int) -> bool:
    def list_held(catalogue: Catalogue, place: int) -> set[str]:
        return {size for size, row in catalogue.sizes.items() if catalogue.on_hand[row, place] > 0}

    return list_held(old, before) == list_held(new, index)
