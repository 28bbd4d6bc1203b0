"""Questions in the words of Tantivy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tantivy import FieldType, Occur, Query, Schema, TextAnalyzer

from domain.search.clauses import Alternative, Facet, SearchClause
from services.search.search_engine import EngineQuestion, Narrowing
from services.search.tantivy_schema import TEXTS

ELSEWHERE: Final = 0.1
"""How much answers in a second field add to the best one."""


class QueryBuilder:
    """Builds queries over one schema; `forms` cuts a text into stems."""

    def __init__(self, schema: Schema, forms: TextAnalyzer) -> None:
        self._schema, self._forms = schema, forms

    def build(self, question: EngineQuestion, without: Facet | str | None = None) -> Query:
        """Build the query of a question; `without`: leave out the filter by this facet or number."""
        parts = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in self._narrow(question.narrowing, without)]
        required = [self._build_clause(clause) for clause in question.clauses if clause.required]
        preferred = [self._build_clause(clause) for clause in question.clauses if not clause.required]
        if not required:
            parts.append((Occur.Must, Query.all_query()))
        elif question.least >= len(required):
            parts += [(Occur.Must, one) for one in required]
        else:
            parts.append((Occur.Must, Query.boolean_query([(Occur.Should, one) for one in required], question.least)))
        return Query.boolean_query([*parts, *((Occur.Should, one) for one in preferred)])

    def build_text(self, text: str) -> list[Query]:
        """Build a query for each word of a text, in any of the texts of an item."""
        return [self._build_words([stem]) for stem in self._forms.analyze(text)]

    def _build_clause(self, clause: SearchClause) -> Query:
        built = [one for alternative in clause.alternatives if (one := self._build_alternative(alternative))]
        if not built:
            return Query.all_query()  # of signs alone, which no item holds
        return built[0] if len(built) == 1 else Query.disjunction_max_query(built, ELSEWHERE)

    def _build_alternative(self, alternative: Alternative) -> Query | None:
        if alternative.facet is not None:
            exact = Query.term_query(self._schema, alternative.facet, alternative.words, "basic")
            return Query.const_score_query(exact, alternative.boost * TEXTS[1][1])
        stems = self._forms.analyze(alternative.words)
        if not stems:
            return None
        words = self._build_words(stems)
        return words if alternative.boost == 1 else Query.boost_query(words, alternative.boost)

    def _build_words(self, stems: Sequence[str]) -> Query:
        """Build a query for words that stand in a row in one of the texts."""
        return Query.disjunction_max_query(
            [Query.boost_query(self._build_row(field, stems), weight) for field, weight in TEXTS], ELSEWHERE
        )

    def _build_row(self, field: str, stems: Sequence[str]) -> Query:
        if len(stems) == 1:
            return Query.term_query(self._schema, field, stems[0], "freq")
        return Query.phrase_query(self._schema, field, list(stems))

    def _narrow(self, narrowing: Narrowing, without: Facet | str | None) -> list[Query]:
        parts = [
            Query.term_set_query(self._schema, facet, values) for facet, values in narrowing.facets if facet != without
        ]
        parts += [
            Query.range_query(self._schema, number, FieldType.Unsigned, least, most)
            for number, least, most in narrowing.numbers
            if number != without
        ]
        if narrowing.stocked:
            parts.append(Query.term_query(self._schema, "stocked", 1))
        return parts
