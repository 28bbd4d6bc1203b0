"""The grammar of approved sentences of one language, read from its file in `agents/lexicon/`.

    quality* = easy, quiet, ruhig+e+er      words of one class; `+` adds an ending
    the = the | this | our                  a part, named in others as <the>
    S = <the> ITEM is <quality> [to wear]   an approved sentence; [...] may be left out, (a|b) is a choice
    H = a <quality> ITEM                    one that stands alone: joined to another it would mean something else
    S last_item = you ordered PIECE         a sentence on one fact of the client's, of one of the codes named
    A = see your selection                  a call to action
    W last_item = You ordered {PIECE}.      a way to say that fact, offered to whoever wrote what may not be said
    W subject quiz = Your style             one for a place in mails of a kind; `bare`: for those that show no item
    month! = January, February              words of which names of facts are made, no words of the lexicon
    colour! = navy|marine:marineblau        words of the catalogue in the mail's language

A word in capitals is a slot that a fact fills. What no rule derives may not be said, so whatever a rule derives must be
true of every client and item to whom its slots apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from domain.sentences.words import split_words
from domain.wording import fold

ITEM_SLOTS: Final = frozenset(
    {"ITEM", "PRONOUN", "THIS", "COLOUR", "BRAND", "MATERIAL", "FIT", "CATEGORY", "SAME", "SHARED"}
)
"""Slots that one picked item fills; all of them in one sentence are of the same item."""
FACT_SLOTS: Final = frozenset({"PIECE", "OWNED", "EACH", "DAY", "MONTH", "COUNT", "NUMBER", "WORDS", "KIND"})
"""Slots that one fact of the client's fills. OWNED: a noun for the piece that the client has, where a picked item is
called so too; a rule says whose it is. EACH: no word, but only where every item shown has a colour of its list."""
SLOTS: Final = (
    ITEM_SLOTS | FACT_SLOTS | {"OTHER", "ANY", "TONE", "SHOP", "SEASON", "PICKS", "SHOWN", "EVERY", "SINGLE", "APART"}
)
"""OTHER: a second picked item. ANY: whichever picked item, TONE: a colour or material of whichever. Bound to no item:
no rule may put an attribute beside them, and in a sentence that stands alone on an item's card, or after one about it,
they are that item's. PICKS: how many items the mail shows. EVERY: a word that is true of every one. SHOWN: no word, but
only in a mail that shows items. SINGLE: the word for one of several, no word of the lexicon. APART: no word, but only
where no item is spoken of. SHARED: a colour or style that the item has and the fact lists. SAME: no word, but only
where the item is the fact's piece or has a colour of its list."""
_TOKEN: Final = re.compile(r"<[a-z_0-9]+>|[A-Z]{3,}|[()\[\]|]|[^\s()\[\]|<>]+")


class Literal(NamedTuple):
    """Words that stand as they are."""

    words: tuple[str, ...]


class WordClass(NamedTuple):
    """Any word of a class."""

    name: str


class FactSlot(NamedTuple):
    """A place that a fact fills."""

    name: str


class NamedPart(NamedTuple):
    """A named part."""

    name: str


class Run(NamedTuple):
    """Nodes one after another."""

    nodes: tuple[Node, ...]


class Choice(NamedTuple):
    """One of several nodes."""

    nodes: tuple[Node, ...]


Node = Literal | WordClass | FactSlot | NamedPart | Run | Choice


class Rule(NamedTuple):
    """One approved sentence. `codes`: of the facts that may fill its fact slots."""

    kind: str
    codes: tuple[str, ...]
    node: Node
    slots: frozenset[str]


@dataclass(frozen=True, eq=False)
class Grammar:
    """The approved sentences of one language."""

    language: str
    rules: tuple[Rule, ...]
    parts: Mapping[str, Node]
    classes: Mapping[str, frozenset[str]]
    """The folded words of each class."""
    words: frozenset[str]
    """Every folded word that a sentence may hold besides those of facts."""
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """How names of facts are made: words for months, seasons, materials and the like. No words of the lexicon."""


def parse_grammar(text: str, language: str) -> Grammar:
    """Parse a grammar file. Raises ValueError that names the line."""
    classes: dict[str, frozenset[str]] = {}
    parts: dict[str, Node] = {}
    ways: dict[str, tuple[str, ...]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    drafts: list[tuple[str, tuple[str, ...], Node]] = []
    for number, (name, body) in _list_entries(text):
        head, *codes = name.split()
        if head.endswith("!"):
            notes[head[:-1]] = tuple(note.strip() for note in body.split(","))
        elif head.endswith("*"):
            classes[head[:-1]] = frozenset(_list_forms(body))
        elif head == "W":
            ways[" ".join(codes)] = (*ways.get(" ".join(codes), ()), body)
        elif head in ("S", "H", "A"):
            drafts.append((head, tuple(codes), _parse_body(body, number)))
        else:
            parts[head] = _parse_body(body, number)
    parts = {name: _name_classes(node, classes) for name, node in parts.items()}
    rules = []
    for kind, of, draft in drafts:
        node = _name_classes(draft, classes)
        rules.append(Rule(kind, of, node, frozenset(_list_slots(node, parts))))
    nodes = [*parts.values(), *(rule.node for rule in rules)]
    words = {word for node in nodes for word in _list_literals(node)}.union(*classes.values())
    return Grammar(language, tuple(rules), parts, classes, frozenset(words), ways, notes)


def _list_entries(text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """List the entries of a file with the number of their first line; an indented line continues the one before."""
    entry, first = "", 0
    for number, line in enumerate([*text.splitlines(), "end ="], 1):
        bare = line.partition("#")[0].rstrip()
        if bare[:1].isspace():
            entry += " " + bare.strip()
        elif bare:
            if entry:
                name, sign, body = entry.partition("=")
                if not sign or not body.strip():
                    raise ValueError(f"line {first}: no sentence after a name and '='")
                yield first, (name.strip(), body.strip())
            entry, first = bare, number


def _list_forms(body: str) -> Iterator[str]:
    """List the folded forms of the words of a class; `ruhig+e+er` has three."""
    for entry in body.split(","):
        stem, *endings = entry.strip().split("+")
        yield from (fold(stem + ending) for ending in ("", *endings))


def _parse_body(body: str, number: int) -> Node:
    tokens = _TOKEN.findall(body)
    node, rest = _parse_choice(tokens, number)
    if rest:
        raise ValueError(f"line {number}: '{rest[0]}' closes nothing")
    return node


def _parse_choice(tokens: list[str], number: int) -> tuple[Node, list[str]]:
    branches: list[Node] = []
    while True:
        nodes: list[Node] = []
        while tokens and tokens[0] not in "|)]":
            node, tokens = _parse_one(tokens, number)
            nodes.append(node)
        branches.append(nodes[0] if len(nodes) == 1 else Run(tuple(nodes)))
        if not tokens or tokens[0] != "|":
            return (branches[0] if len(branches) == 1 else Choice(tuple(branches))), tokens
        tokens = tokens[1:]


def _parse_one(tokens: list[str], number: int) -> tuple[Node, list[str]]:
    word, rest = tokens[0], tokens[1:]
    if word in "([":
        node, rest = _parse_choice(rest, number)
        if not rest or rest[0] != {"(": ")", "[": "]"}[word]:
            raise ValueError(f"line {number}: '{word}' is not closed")
        return (node if word == "(" else Choice((node, Run(())))), rest[1:]
    if word.startswith("<"):
        return NamedPart(word[1:-1]), rest
    if word in SLOTS:
        return FactSlot(word), rest
    return Literal(split_words(word).words), rest


def _name_classes(node: Node, classes: Mapping[str, object]) -> Node:
    """Return the node with the parts that are classes named as such."""
    if isinstance(node, NamedPart):
        return WordClass(node.name) if node.name in classes else node
    if isinstance(node, Run | Choice):
        return type(node)(tuple(_name_classes(child, classes) for child in node.nodes))
    return node


def _list_slots(node: Node, parts: Mapping[str, Node]) -> Iterator[str]:
    if isinstance(node, FactSlot):
        yield node.name
    elif isinstance(node, NamedPart):
        yield from _list_slots(parts[node.name], parts)
    elif isinstance(node, Run | Choice):
        for child in node.nodes:
            yield from _list_slots(child, parts)


def _list_literals(node: Node) -> Iterator[str]:
    if isinstance(node, Literal):
        yield from node.words
    elif isinstance(node, Run | Choice):
        for child in node.nodes:
            yield from _list_literals(child)
