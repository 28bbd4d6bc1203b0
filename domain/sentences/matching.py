"""Match a sentence against a grammar, over what the facts of a brief are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.sentences.grammar import (
    FACT_SLOTS,
    ITEM_SLOTS,
    Choice,
    FactSlot,
    Grammar,
    Literal,
    NamedPart,
    Node,
    Rule,
    Run,
    WordClass,
)
from domain.sentences.words import Words, list_keys, separate

Phrase = tuple[frozenset[str], ...]
"""The keys of each word of a name."""


class FactName(NamedTuple):
    """One way to name a fact, or a word of it. `slot`: what it stands for, such as COLOUR."""

    fact: str
    slot: str
    phrase: Phrase


class Binding(NamedTuple):
    """The facts that fill the slots of one rule; empty: none."""

    item: str = ""
    other: str = ""
    fact: str = ""


class Reading(NamedTuple):
    """What a sentence says: the facts that it names, the item that it is about, and all that it may have named by a
    title or noun."""

    facts: frozenset[str]
    item: str
    things: frozenset[str] = frozenset()


class SentenceMatcher:
    """Matches one sentence. `names`: of the facts that it may name. `codes`: the code of each fact of the client's.
    `focus`: the item that a pronoun may mean. `lone`: nothing else was named that a plural pronoun may mean too.
    `card`: it stands on the item's own card, where "the dress" is that item whatever else is called so."""

    def __init__(
        self,
        grammar: Grammar,
        sentence: Words,
        names: Sequence[FactName],
        codes: Mapping[str, str],
        focus: str = "",
        *,
        lone: bool = True,
        card: bool = False,
    ) -> None:
        for prefix in grammar.notes.get("prefix", ()):
            sentence = separate(sentence, prefix, grammar.words)
        self.words = sentence.words
        self._grammar, self._sentence, self._codes, self._focus = grammar, sentence, codes, focus
        self._keys = [list_keys(word, grammar.language) for word in sentence.words]
        self._every = frozenset[str]().union(*self._keys)
        self._found: dict[tuple[str, str, int], set[int]] = defaultdict(set)
        self._card = card
        self._plural = frozenset() if lone else frozenset(grammar.notes.get("plural", ()))
        self.furthest = 0
        """How many words the approved sentence has that came furthest."""
        self.covered: set[int] = set()
        """Positions of words that belong to a name."""
        for name in names:
            self._find_name(name)
        self.items = frozenset(fact for fact, slot, _ in self._found if slot == "ITEM")
        """The picked items that the sentence names."""
        self._things = frozenset(fact for fact, slot, _ in self._found if slot in ("ITEM", "PIECE"))

    def read(self, kind: str = "S", cited: Container[str] = ()) -> Reading | None:
        """Read the sentence as approved sentences of this kind, joined by listed joiners; None when it is none. Of two
        readings the one that rests on `cited` is taken; on a card it must be about the same item."""
        readings = self._list_readings(kind)
        first = next(readings, None)
        if first is None:
            return None
        best = first
        if any(fact not in cited for fact in first.facts):
            same = (r for r in readings if r.item == first.item or not (r.item or self._card))
            best = next((r for r in same if all(f in cited or (self._card and f == r.item) for f in r.facts)), first)
        return best._replace(things=self._things)

    def _list_readings(self, kind: str) -> Iterator[Reading]:
        end = len(self._sentence.words)
        if kind == "S":
            for stop, binding in self._list_clauses("H", 0, self._focus):
                if stop == end:
                    yield Reading(frozenset(binding) - {""}, binding.item)
        todo: list[tuple[int, str, Reading]] = [(0, self._focus, Reading(frozenset(), ""))]
        seen: set[tuple[int, str]] = set()
        while todo:
            start, focus, reading = todo.pop()
            for stop, binding in self._list_clauses(kind, start, focus):
                facts = reading.facts | (frozenset(binding) - {""})
                longer = Reading(facts, reading.item or binding.item)
                if stop == end:
                    yield longer
                for next_start in self._list_joints(stop):
                    step = (next_start, "" if binding.other else binding.item or focus)
                    if step not in seen:
                        seen.add(step)
                        todo.append((*step, longer))

    def _find_name(self, name: FactName) -> None:
        width = len(name.phrase)
        if width and self._every.isdisjoint(name.phrase[-1]):
            return
        for at in range(len(self._keys) - width + 1):
            if all(not keys.isdisjoint(self._keys[at + i]) for i, keys in enumerate(name.phrase)):
                self._found[name.fact, name.slot, at].add(at + width)
                self.covered |= set(range(at, at + width))

    def _list_joints(self, stop: int) -> Iterator[int]:
        """List where a joined clause may start."""
        words = self._sentence.words
        if stop in self._sentence.breaks:
            yield stop
        if stop < len(words) and words[stop] in self._grammar.classes.get("joiner", ()):
            yield stop + 1

    def _list_clauses(self, kind: str, start: int, focus: str) -> Iterator[tuple[int, Binding]]:
        """List where an approved sentence may end that begins at `start`, with what fills its slots."""
        walks: dict[Binding, _Walk] = {}
        for rule in self._grammar.rules:
            if rule.kind != kind:
                continue
            for binding in self._list_bindings(rule, focus):
                walk = walks.get(binding)
                if walk is None:
                    only = focus if kind == "H" and not binding.item else ""  # what stands alone is said of the focus
                    walk = _Walk(self._grammar, self._sentence.words, self._found, binding, focus, only, self._plural)
                    walk.card = self._card
                    walks[binding] = walk
                for stop in walk.match(rule.node, start):
                    if stop > start:
                        yield stop, binding
                self.furthest = max(self.furthest, walk.furthest)

    def _list_bindings(self, rule: Rule, focus: str) -> Iterator[Binding]:
        """List what may fill the slots of a rule, the fewest facts first."""
        facts = [fact for fact, code in self._codes.items() if code in rule.codes]
        if rule.codes and not facts:
            return
        named = sorted({*self.items, *([focus] if focus else [])}) if rule.slots & ITEM_SLOTS else []
        for item in ("", *named):
            others = sorted(self.items - {item}) if item and "OTHER" in rule.slots else []
            yield from (Binding(item, other, fact) for other in ("", *others) for fact in facts or ("",))


class _Walk:
    """The match of rules under one binding. `only`: the item that ANY and TONE may be of; empty for whichever."""

    def __init__(
        self,
        grammar: Grammar,
        words: Sequence[str],
        found: Mapping[tuple[str, str, int], set[int]],
        binding: Binding,
        focus: str,
        only: str,
        plural: frozenset[str],
    ) -> None:
        self._grammar, self._words, self._found, self._only, self._plural = grammar, words, found, only, plural
        self.furthest, self.card, self._apart = 0, False, not focus
        self._binding, self._focused = binding, bool(focus) and focus == binding.item
        self._parts: dict[tuple[str, int], frozenset[int]] = {}

    def match(self, node: Node, at: int) -> frozenset[int]:
        """Return the positions at which a match of `node` from `at` may end."""
        match node:
            case Literal(words):
                stop = at + len(words)
                return frozenset({stop}) if tuple(self._words[at:stop]) == words else frozenset()
            case WordClass(name):
                fits = at < len(self._words) and self._words[at] in self._grammar.classes[name]
                return frozenset({at + 1}) if fits else frozenset()
            case FactSlot(name):
                return frozenset(self._fill(name, at))
            case NamedPart(name):
                if (name, at) not in self._parts:
                    self._parts[name, at] = self.match(self._grammar.parts[name], at)
                return self._parts[name, at]
            case Choice(nodes):
                return frozenset(stop for child in nodes for stop in self.match(child, at))
            case Run(nodes):
                stops = frozenset({at})
                for child in nodes:
                    stops = frozenset(stop for start in stops for stop in self.match(child, start))
                    if not stops:
                        break
                    self.furthest = max(self.furthest, *stops)
                return stops

    def _fill(self, slot: str, at: int) -> set[int]:
        if slot == "THIS":
            return {at} if self._focused else set()
        if slot == "PRONOUN":
            named = at < len(self._words) and self._words[at] in self._grammar.classes.get("pronoun", ())
            return {at + 1} if named and self._focused and self._words[at] not in self._plural else set()
        if slot == "ANY":
            return self._fill_any("ITEM", at)
        if slot == "TONE":
            return self._fill_any("COLOUR", at) | self._fill_any("MATERIAL", at)
        if slot == "APART":
            return {at} if self._apart else set()
        if slot in ("SAME", "SHARED"):
            return self._found.get((f"{self._binding.fact}={self._binding.item}", slot, at), set())
        if slot in ("SHOP", "SEASON", "PICKS", "SHOWN", "EVERY", "SINGLE"):
            return self._found.get((slot.lower(), slot, at), set())
        fact = (
            self._binding.fact if slot in FACT_SLOTS else self._binding.other if slot == "OTHER" else self._binding.item
        )
        stops = self._found.get((fact, "ITEM" if slot == "OTHER" else slot, at), set())
        if slot == "ITEM" and self.card and self._focused:
            return stops | self._found.get((fact, "NOUN", at), set())
        return stops

    def _fill_any(self, slot: str, at: int) -> set[int]:
        return {
            stop
            for (fact, name, start), stops in self._found.items()
            if (name, start) == (slot, at) and self._only in ("", fact)
            for stop in stops
        }
