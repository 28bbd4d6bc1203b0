"""Answers searches from the index in memory, in the client's own order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from algorithms.blending.catalogue import Catalogue
from domain.search.price_ranges import choose_bounds
from domain.search.query_reading import SearchWords, read_search
from domain.search.reranking import rerank
from domain.sizes import fold_size
from errors import Unavailable
from models.base import ItemId
from models.search_answers import FoundItem, SearchAnswer, SuggestAnswer, SuggestedItem
from models.search_requests import SearchFilters, SearchQuery, SearchSort, SuggestQuery
from services.recommendations.ranking_state import RankingState
from services.recommendations.recommender import Recommender
from services.search.facet_counts import count_facets
from services.search.index_keeper import IndexKeeper
from services.search.item_documents import list_stocked_sizes
from services.search.questions import build_narrowing, count_required
from services.search.search_engine import EngineQuestion, FoundNumbers, SearchEngine
from services.search.search_metrics import search_seconds
from services.search.suggestions import complete_text
from services.search.tantivy_engine import TantivyEngine
from settings import Settings

WINDOW: Final = 300
"""The best answers that are put into the client's own order; later places keep the order of the engine."""

Liking: TypeAlias = Mapping[ItemId, float]
"""How much a client likes items, any positive scale."""
NOBODY: Final[Liking] = {}


class Matches(NamedTuple):
    """What answers a search: how many in all, the items best first with their scores, and how the search was read."""

    total: int
    item_ids: tuple[ItemId, ...]
    scores: tuple[float, ...]
    corrected: dict[str, str]
    relaxed: bool
    question: EngineQuestion


class ItemSearch:
    """One for a process. Safe from many threads."""

    def __init__(self, recommender: Recommender, settings: Settings) -> None:
        self._recommender = recommender
        self._engine: SearchEngine = TantivyEngine(settings.search_language)
        self._keeper = IndexKeeper(self._engine, recommender, settings.note_words)
        self._bounds: tuple[Catalogue | None, tuple[int, ...]] = (None, ())

    def start(self) -> None:
        """Begin to index."""
        self._keeper.start()

    def close(self) -> None:
        """End the thread."""
        self._keeper.close()

    def search(self, query: SearchQuery, liking: Liking = NOBODY) -> SearchAnswer:
        """Answer a search. Raises Unavailable until the catalogue is indexed."""
        with search_seconds.time():
            state = self._recommender.peek_state()
            matches = self._match(query, query.q, query.sort, query.n, query.offset, liking, state)
            catalogue = state.blend.catalogue
            shown = zip(matches.item_ids, matches.scores, strict=True)
            items = [
                _build_item(catalogue, catalogue.index[item_id], score)
                for item_id, score in shown
                if item_id in catalogue.index and _may_show(catalogue, catalogue.index[item_id], query)
            ]
            bounds, labels = self._find_bounds(catalogue), self._keeper.labels
            return SearchAnswer(
                total=matches.total,
                items=items,
                facets=count_facets(self._engine, matches.question, bounds, labels) if query.facets else {},
                corrected=matches.corrected,
                relaxed=matches.relaxed,
            )

    def match(self, text: str, filters: SearchFilters, liking: Liking, n: int) -> Matches:
        """Find the `n` best answers to a text. Raises Unavailable until the catalogue is indexed."""
        return self._match(filters, text, SearchSort.RELEVANCE, n, 0, liking, self._recommender.peek_state())

    def suggest(self, query: SuggestQuery) -> SuggestAnswer:
        """Complete what somebody is typing. Raises Unavailable until the catalogue is indexed."""
        self._require_words()
        catalogue = self._recommender.peek_state().blend.catalogue
        queries, ids = complete_text(self._engine, query.q, query.n)
        items = [catalogue.items[catalogue.index[item_id]] for item_id in ids if item_id in catalogue.index]
        return SuggestAnswer(
            queries=queries, items=[SuggestedItem(item_id=item.item_id, title=item.title) for item in items]
        )

    def _match(
        self,
        filters: SearchFilters,
        text: str,
        sort: SearchSort,
        n: int,
        offset: int,
        liking: Liking,
        state: RankingState,
    ) -> Matches:
        read = read_search(text, self._require_words(), self._engine)
        ordered_here = sort is SearchSort.RELEVANCE and offset < WINDOW
        part = (max(WINDOW, n), 0) if ordered_here else (n, offset)
        question = EngineQuestion(read.clauses, count_required(read.clauses), build_narrowing(filters), sort, *part)
        question, found = self._find_some(question)
        relaxed = question.least < count_required(read.clauses)
        if ordered_here:
            found = _order(found, liking, state)
            end = offset + n
            if end > WINDOW and found.total > WINDOW:
                rest = self._engine.find(question._replace(n=end - WINDOW, offset=WINDOW))
                found = FoundNumbers(
                    found.total, found.item_ids + rest.item_ids, found.answers + (0.0,) * len(rest.item_ids)
                )
            found = FoundNumbers(found.total, found.item_ids[offset:end], found.answers[offset:end])
        return Matches(found.total, found.item_ids, found.answers, read.corrected, relaxed, question)

    def _find_some(self, question: EngineQuestion) -> tuple[EngineQuestion, FoundNumbers]:
        """Find what answers all words; where nothing does, what answers most of them."""
        found = self._engine.find(question)
        while not found.total and question.least > 1:
            question = question._replace(least=question.least - 1)
            found = self._engine.find(question)
        return question, found

    def _require_words(self) -> SearchWords:
        words = self._keeper.words
        if words is None:
            raise Unavailable("the catalogue is being indexed for search")
        return words

    def _find_bounds(self, catalogue: Catalogue) -> tuple[int, ...]:
        known, bounds = self._bounds
        if known is None or known.items is not catalogue.items:
            bounds = choose_bounds(catalogue.price)
            self._bounds = catalogue, bounds
        return bounds


def _order(found: FoundNumbers, liking: Liking, state: RankingState) -> FoundNumbers:
    """Put what was found into the client's own order."""
    index, everybody = state.blend.catalogue.index, state.blend.trend.everybody
    places = [index.get(item_id, -1) for item_id in found.item_ids]
    best = max(liking.values(), default=1.0) or 1.0
    liked = [liking.get(item_id, 0.0) / best for item_id in found.item_ids]
    taken = [float(everybody[place]) if 0 <= place < len(everybody) else 0.0 for place in places]
    order, scores = rerank(found.answers, liked, taken)
    ids = tuple(found.item_ids[place] for place in order)
    return FoundNumbers(found.total, ids, tuple(round(float(scores[place]), 6) for place in order))


def _may_show(catalogue: Catalogue, index: int, filters: SearchFilters) -> bool:
    """Return whether an item may still be shown by the stock of this moment, which the index follows."""
    if catalogue.items[index].retired_at is not None:
        return False
    if filters.size:
        return bool(set(list_stocked_sizes(catalogue, index)) & set(build_narrowing(filters).facets[-1][1]))
    return not filters.in_stock or bool(catalogue.total_units[index] > 0)


def _build_item(catalogue: Catalogue, index: int, score: float) -> FoundItem:
    item = catalogue.items[index]
    stocked = set(list_stocked_sizes(catalogue, index))
    return FoundItem(
        item_id=item.item_id,
        title=item.title,
        category=item.category,
        brand=item.brand,
        colour=item.colour,
        price=Decimal(item.price_cents) / 100,
        sizes=[size for size in item.sizes if fold_size(size) in stocked],
        sustainability=item.sustainability,
        url=item.url,
        image_url=item.image_url,
        score=score,
    )
