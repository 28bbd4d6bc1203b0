"""What may be said of all items that a mail shows: how many, and the words that are true of every one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from domain.sentences.grammar import Grammar
from domain.sentences.matching import FactName, Phrase
from domain.sentences.naming import PICKS, SHOWN, build_names

_TRAITS = frozenset({"COLOUR", "MATERIAL", "FIT"})


def list_shown(names: Iterable[FactName], shown: Sequence[str], grammar: Grammar) -> Iterator[FactName]:
    """List what may be said of all items that a mail shows: how many, and which of `names` are true of every one.
    `shown`: their ids."""
    yield from build_names(PICKS, "PICKS", _say_picks(len(shown), grammar), grammar)
    if shown:
        yield FactName(SHOWN, "SHOWN", ())
    traits: dict[Phrase, set[str]] = defaultdict(set)
    for name in names:
        if name.slot in _TRAITS and name.fact in shown:
            traits[name.phrase].add(name.fact)
    yield from (FactName("every", "EVERY", p) for p, owners in traits.items() if len(owners) == len(shown) > 1)
    same = {name.fact for name in names if name.slot == "SAME"}
    if shown and all(f"quiz_colours={item}" in same for item in shown):
        yield FactName("quiz_colours", "EACH", ())


def _say_picks(count: int, grammar: Grammar) -> list[str]:
    """Say how many items were picked, in every form that the language has for it."""
    forms = grammar.notes.get("picks", ())
    return forms[count - 1].split("/") if 0 < count <= len(forms) else []
