"""What words of the catalogue are called in a mail's language: things, colours, tags, categories and styles.

A lexicon lists them as notes, each English word with the words that stand for exactly it: `colour! = navy:marineblau`.
A word that is not listed is said as the catalogue has it, or not at all. Words are never derived from wider ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from domain.sentences.grammar import Grammar
from domain.sentences.words import list_keys, split_words
from domain.text_rules import find_claims, find_unsafe_text
from domain.wording import fold, fold_words
from models.mail import BriefItem, Fact

_BREAKS: Final = frozenset({"with", "for", "in", "and", "on", "without", "of", "from", "by", "to", "or"})
"""What ends the naming part of an English title."""
_FACT_NOTES: Final = {"quiz_styles": "tag", "quiz_colours": "colour", "favourite_category": "kind"}
_LONGEST_TAG: Final = 3
_NO_TAG: Final = fold_words(
    [
        "new newest latest last final only left limited exclusive popular bestseller best top hot trending",
        "favourite favorite loved rated iconic sale outlet reduced deal offer gift gifts free premium luxury rare",
        "sold out stock you your yours we our ours us her his their my not no non never without un ordered kept",
        "returned bought owned wished viewed chosen picked recommended personal welcome back again today now soon",
        "season spring summer autumn winter neu neue beliebt letzte nur kein nicht nouveau nouvelle dernier",
        "petite plus tall curvy maternity slimming flattering",
        "derniere pas vente nuevo nueva ultimo ultima solo agotado rebajado جديد جديدة آخر حصري حصرية تخفيض",
    ]
)
"""Words of shops' tags that say something of the moment, of stock, of people, or deny: no property of a thing."""


def translate(word: str, note: str, grammar: Grammar) -> tuple[str, ...]:
    """Translate a word of the catalogue, the usual form first; empty where the lexicon does not list it."""
    return _load_entries(grammar, note).get(_build_key(word), ())


def list_nouns(title: str, category: str, grammar: Grammar) -> tuple[str, ...]:
    """List what a thing may be called in the grammar's language, by the last words of its English title and by its
    category. A title in that language itself is left as it is."""
    words = split_words(title).words
    core = words[: next((i for i, word in enumerate(words) if word in _BREAKS), len(words))]
    if _holds_noun(words, grammar):
        core = ()
    found = [*translate(" ".join(core[-2:]), "noun", grammar)] or [*translate(" ".join(core[-1:]), "noun", grammar)]
    return tuple(dict.fromkeys((*found, *translate(category, "group", grammar))))


def list_tags(item: BriefItem, grammar: Grammar) -> tuple[str, ...]:
    """List the tags of an item that are properties of it, in the grammar's language and as the shop has them. What it
    is made of is for its title to say, which may take it back: a wool blend is not wool."""
    stuff = {*grammar.notes["material"], *(word for key in _load_entries(grammar, "stuff") for word in key)}
    told = [tag for tag in item.tags if _is_property(tag) and stuff.isdisjoint(split_words(tag).words)]
    said = [form for tag in told for form in translate(tag, "tag", grammar)]
    return tuple(dict.fromkeys((*said, *told)))


def list_forms(fact: Fact, grammar: Grammar) -> list[tuple[str, ...]]:
    """List for each word of a fact what it may be called, in the grammar's language first."""
    note = _FACT_NOTES.get(fact.code, "")
    return [tuple(dict.fromkeys((*(translate(word, note, grammar) if note else ()), word))) for word in fact.words]


def _is_property(tag: str) -> bool:
    words = split_words(tag).words
    plain = 0 < len(words) <= _LONGEST_TAG and all(word.isalpha() and word not in _NO_TAG for word in words)
    return plain and not any(find_claims(fold(tag))) and not any(find_unsafe_text(tag, words))


def _holds_noun(words: tuple[str, ...], grammar: Grammar) -> bool:
    """Return whether a title names a thing in the grammar's own language."""
    own = _list_own_nouns(grammar)
    return any(not list_keys(word, grammar.language).isdisjoint(own) for word in words[:-1])


@lru_cache(maxsize=16)
def _list_own_nouns(grammar: Grammar) -> frozenset[str]:
    english = {word for key in _load_entries(grammar, "noun") for word in key}
    own = {
        word for forms in _load_entries(grammar, "noun").values() for form in forms for word in split_words(form).words
    }
    return frozenset(own - english)


@lru_cache(maxsize=64)
def _load_entries(grammar: Grammar, note: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_build_key(word): tuple(forms) for word, forms in _list_entries(grammar, note)}


def _list_entries(grammar: Grammar, note: str) -> Iterator[tuple[str, list[str]]]:
    for entry in grammar.notes.get(note, ()):
        words, _, forms = entry.partition(":")
        yield from ((word, [form.strip() for form in forms.split("/")]) for word in words.split("|"))


@lru_cache(maxsize=4_096)
def _build_key(word: str) -> tuple[str, ...]:
    """Build the key under which an English word stands, whatever its number."""
    return tuple(min(list_keys(part, "en"), key=len) for part in split_words(word).words)
