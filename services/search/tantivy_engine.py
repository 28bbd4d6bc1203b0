"""The index of the catalogue in Tantivy, in the memory of the process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tantivy import Document, Occur, Order, Query, Searcher, SearchResult

from models.base import ItemId
from models.search_requests import SearchSort
from services.search.search_engine import Counts, EngineQuestion, FoundNumbers, ItemDocument, Number, Range
from services.search.tantivy_counts import build_aggregations, read_counts
from services.search.tantivy_queries import QueryBuilder
from services.search.tantivy_schema import build_analyzer, build_document, build_schema, build_word_schema, open_index

HEAP_BYTES: Final = 32_000_000
AT_ONCE: Final = 500
"""Documents that are built before answers get the interpreter."""
NEAR: Final = 25
"""Words looked at for the one that was meant."""
ORDERS: Final = {
    SearchSort.PRICE: ("price", Order.Asc),
    SearchSort.PRICE_DOWN: ("price", Order.Desc),
    SearchSort.NEWEST: ("added", Order.Desc),
}


class TantivyEngine:
    """A `SearchEngine`. `language`: the name of the stemmer for the texts."""

    def __init__(self, language: str) -> None:
        self._schema, self._word_schema = build_schema(), build_word_schema()
        self._forms, self._words = build_analyzer(language), build_analyzer(None)
        self._index = open_index(self._schema, self._forms, self._words)
        self._writer = self._index.writer(HEAP_BYTES, 1)
        self._searcher = self._index.searcher()
        self._queries = QueryBuilder(self._schema, self._forms)
        self._numbers: dict[ItemId, int] = {}
        self._ids: list[ItemId] = []
        self._more_words: frozenset[str] = frozenset()
        self._word_searcher: Searcher | None = None
        self._updating = threading.Lock()
        self._held: frozenset[str] = frozenset()

    def update(self, documents: Iterable[ItemDocument], gone: Iterable[ItemId] = ()) -> None:
        """Hold these documents in the place of older ones of the same items, and no longer those of `gone`."""
        with self._updating:
            for item_id in gone:
                self._delete(item_id)
            for document in documents:
                known = document.item_id in self._numbers
                if known:
                    self._delete(document.item_id)
                self._writer.add_document(build_document(self._schema, self._number(document.item_id), document))
            self._writer.commit()
            self._index.reload()
            self._searcher = self._index.searcher()
            self._index_words()

    def _number(self, item_id: ItemId) -> int:
        if item_id not in self._numbers:
            self._numbers[item_id] = len(self._ids)
            self._ids.append(item_id)
        return self._numbers[item_id]

    def _delete(self, item_id: ItemId) -> None:
        if item_id in self._numbers:
            # by a query, not by a term: that takes a number for a signed one, which no document holds
            number = Query.term_query(self._schema, "number", self._numbers[item_id])
            self._writer.delete_documents_by_query(number)

    def find(self, question: EngineQuestion) -> FoundNumbers:
        """Find what answers the question."""
        searcher, query = self._searcher, self._queries.build(question)
        by, order = ORDERS.get(question.sort, (None, Order.Desc))
        found = searcher.search(query, question.n, True, by, question.offset, order)
        numbers = searcher.fast_field_values("number", [address for _, address in found.hits])
        answers = tuple(score for score, _ in found.hits) if by is None else (0.0,) * len(numbers)
        return FoundNumbers(_get_count(found), tuple(self._ids[int(number or 0)] for number in numbers), answers)

    def count(self, question: EngineQuestion, ranges: Mapping[Number, Sequence[Range]]) -> Counts:
        """Count what would be found by every facet and range, in one pass over the items for all that the question does
        not filter by, and one for each that it does."""
        asked = build_aggregations(ranges)
        narrowing = question.narrowing
        narrowed = {*(facet for facet, _ in narrowing.facets), *(number for number, _, _ in narrowing.numbers)}
        together = {name: one for name, one in asked.items() if name not in narrowed}
        passes: list[tuple[str | None, dict[str, Any]]] = [(None, together)]
        passes += [(name, {name: one}) for name, one in asked.items() if name in narrowed]
        searcher, counted = self._searcher, dict[str, Any]()
        for without, counting in passes:
            counted |= searcher.aggregate(self._queries.build(question, without), counting)
        return read_counts(counted, ranges)

    def learn_words(self, words: Iterable[str]) -> None:
        """Learn words that may be meant though no item holds them, for corrections."""
        self._more_words = frozenset(words)
        self._held = frozenset()

    def has_word(self, word: str) -> bool:
        """Return whether an item holds the word, or another form of it."""
        stems, searcher = self._forms.analyze(word), self._searcher
        return all(any(searcher.doc_freq(field, stem) for field in ("title", "about", "description")) for stem in stems)

    def correct_word(self, word: str) -> str | None:
        """Find the word that was meant by one that no item holds; None where none is near."""
        searcher = self._word_searcher
        if searcher is None:
            return None
        for distance in (1, 2) if len(word) > 5 else (1,):
            query = Query.fuzzy_term_query(self._word_schema, "word", word, distance)
            found = searcher.search(query, NEAR, False, "items")
            near = [searcher.doc(address) for _, address in found.hits]
            if near:
                return str(max(near, key=lambda one: _rank_near(word, one))["word"][0])
        begun = self._searcher.terms_with_prefix("written", word, None, 1)
        return begun[0][0] if begun else None

    def complete_word(self, begun: str, before: str, n: int) -> list[str]:
        """Complete the last word of a text: those that most items hold which answer to `before`, at most `n`."""
        parts = self._queries.build_text(before)
        among = Query.boolean_query([(Occur.Must, part) for part in parts]) if parts else None
        return [word for word, _ in self._searcher.terms_with_prefix("written", begun, among, n)]

    def find_titles(self, text: str, begun: str, n: int) -> list[ItemId]:
        """Find items in stock whose title holds all words of `text` and one that begins with `begun`."""
        searcher = self._searcher
        words = [Query.term_query(self._schema, "title_written", word, "basic") for word in self._words.analyze(text)]
        ends = [word for word, _ in searcher.terms_with_prefix("title_written", begun, None, NEAR)]
        if not ends:
            return []
        words += [Query.term_set_query(self._schema, "title_written", ends)]
        words += [Query.term_query(self._schema, "stocked", 1)]
        found = searcher.search(Query.boolean_query([(Occur.Must, word) for word in words]), n, False)
        numbers = searcher.fast_field_values("number", [address for _, address in found.hits])
        return [self._ids[int(number or 0)] for number in numbers]

    def _index_words(self) -> None:
        """Index the words anew where there are others than before: they are few beside the items."""
        counts = dict(self._searcher.terms_with_prefix("written", ""))
        held = frozenset(counts) | self._more_words
        if held == self._held:
            return
        index = open_index(self._word_schema, self._forms, self._words)
        writer = index.writer(15_000_000, 1)
        for word in held:
            writer.add_document(Document.from_dict({"word": word, "items": counts.get(word, 0)}, self._word_schema))
        writer.commit()
        index.reload()
        self._word_searcher = index.searcher()
        self._held = held


def _rank_near(word: str, near: Document) -> tuple[bool, bool, int, int, str]:
    """Rank a word that may be meant: people get the first letter right, swap letters, and leave out doubled ones."""
    candidate, items = near["word"][0], near["items"][0]
    return candidate[0] == word[0], sorted(candidate) == sorted(word), items, len(candidate), candidate


def _get_count(found: SearchResult) -> int:
    """Get how many were found: the type in the package leaves it out."""
    count: int = found.count  # type: ignore[attr-defined]
    return count
