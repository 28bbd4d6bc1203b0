"""The fields of the index in Tantivy, and how texts are cut into words in them."""

from __future__ import annotations

from typing import Any, Final, get_args

from tantivy import Document, Filter, Index, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from domain.search.clauses import Facet
from services.search.search_engine import ItemDocument

TEXTS: Final = (("title", 3.0), ("about", 2.0), ("description", 0.5))
"""The texts of an item, and how much a word in each counts."""
FACETS: Final[tuple[Facet, ...]] = get_args(Facet)
LONGEST_WORD: Final = 40


def build_schema() -> Schema:
    """Build the fields: texts in forms of words, the same words as written, facets, and numbers."""
    builder = SchemaBuilder()
    builder.add_unsigned_field("number", indexed=True, fast=True)
    for name, _ in TEXTS:
        builder.add_text_field(name, tokenizer_name="forms", index_option="position")
    builder.add_text_field("written", tokenizer_name="words", index_option="basic")
    builder.add_text_field("title_written", tokenizer_name="words", index_option="basic")
    for facet in FACETS:
        builder.add_text_field(facet, tokenizer_name="raw", fast=True, index_option="basic")
    for name in ("stocked", "price", "added", "sustainability"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    return builder.build()


def build_word_schema() -> Schema:
    """Build the field of the small index of single words, in which what was meant is looked up."""
    builder = SchemaBuilder()
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("items", stored=True, fast=True)
    return builder.build()


def build_analyzer(language: str | None) -> TextAnalyzer:
    """Build what cuts a text into folded words; with a `language` into their stems."""
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in (Filter.remove_long(LONGEST_WORD), Filter.lowercase(), Filter.ascii_fold()):
        builder = builder.filter(step)
    return (builder.filter(Filter.stemmer(language)) if language else builder).build()


def open_index(schema: Schema, forms: TextAnalyzer, words: TextAnalyzer) -> Index:
    """Open an empty index in memory."""
    index = Index(schema)
    index.register_tokenizer("forms", forms)
    index.register_tokenizer("words", words)
    return index


def build_document(schema: Schema, number: int, item: ItemDocument) -> Document:
    """Build the document of an item."""
    fields: dict[str, Any] = {
        "number": number,
        "title": item.title,
        "about": item.about,
        "description": item.description,
        "written": [item.title, item.about],
        "title_written": item.title,
        "stocked": int(item.stocked),
        "price": item.price,
        "added": item.added,
        **({} if item.sustainability is None else {"sustainability": item.sustainability}),
        **{facet: list(values) for facet, values in item.facets.items() if values},
    }
    return Document.from_dict(fields, schema)
