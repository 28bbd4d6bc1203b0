"""Whether a draft says only what its brief supports. Code, not a model: no prompt can talk it round.

A draft may use the brief's items, facts, titles, the client's first name and the owner's message. Everything else that
could be checked is refused: other items, links, prices, offers, numbers, names. A sentence that stands word for word in
the brief (a fact, the owner's message) may make the claim that it makes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.text_rules import Fault, claims, shouting, unsafe
from domain.wording import folded, normal, spoken_name, words
from models.base import Contract
from models.mail import Brief, EmailDraft

GREETINGS: Final = words(["hello hi dear hey good morning afternoon evening welcome back there again greetings"])
"""The words a greeting may have besides the client's name."""

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SMALL: Final = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty"
)
_WORD_NUMBERS: Final = {word: str(n) for n, word in enumerate(_SMALL.split("|"))} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100", "thousand": "1000",
}  # fmt: skip
_UNITS: Final = "minute|hour|day|night|week|fortnight|month|year|order|purchase|visit|time|season"
_AMOUNT: Final = re.compile(rf"\b(\d+|{'|'.join(_WORD_NUMBERS)})[\s-]+(?:[a-z]+\s+)?({_UNITS})s?\b")
_CAPITAL: Final = r"[^\W\d_a-zà-ÿ]"
_ADDRESSED: Final = re.compile(
    r"\b(?:[Dd]ear|[Hh]i|[Hh]ello|[Hh]ey|[Tt]hanks|[Tt]hank you|[Ww]elcome back|[Ww]elcome),?\s+"
    rf"({_CAPITAL}[^\W\d_]+)"
)
_SIGNED: Final = re.compile(
    r"\b(?:[Mm]y name is|I'm|I am|[Tt]his is|[Yy]ours|[Rr]egards|[Ll]ove|[Ss]incerely|[Ww]armly),?\s+"
    rf"({_CAPITAL}[^\W\d_]+)"
)
_QUOTED: Final = re.compile(r'"([^"]{3,})"')
_CALLED: Final = re.compile(rf"\s*({_CAPITAL}[^\W\d_]+),")
_OPENERS: Final = words(
    [
        "today now here there still then again first next finally together instead also so yes no well once lately",
        "perhaps otherwise meanwhile indeed however therefore thus welcome hello hi thanks after before since",
    ]
)
"""Words that may open a text with a comma after them; any other there is a name, or may be taken for one."""
_COMMON_CAPITALS: Final = words(
    [
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august",
        "september october november december christmas easter english british french italian japanese european nordic",
        "scandinavian parisian mediterranean breton oxford merino london paris milan fix i",
    ]
)


class Violation(Contract):
    """One thing in a draft that its brief does not support. `where`: the field. `what` may quote the draft."""

    code: str
    where: str
    what: str


@dataclass(frozen=True)
class Ground:
    """What a brief supports, in the forms in which drafts are compared with it."""

    name: str
    titles: dict[str, str]
    known: frozenset[str]
    verbatim: tuple[str, ...]
    text: str
    numbers: frozenset[str]
    amounts: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, brief: Brief) -> Ground:
        """The ground of `brief`. The client's own words are none: whoever writes them must not widen it."""
        titles = {item.item_id: folded(item.title) for item in brief.items}
        facts = [fact.text for fact in brief.facts]
        told = [*facts, brief.message, brief.shop_name]
        spoken = [
            part
            for item in brief.items
            for part in (item.title, item.brand, item.colour, item.category, item.why, *item.tags)
        ]
        text = " | ".join(folded(each) for each in (*told, *spoken) if each)
        whole = [*facts, *sentences(brief.message)]
        named = [each for item in brief.items for each in (item.title, item.brand) if " " in each.strip()]
        return cls(
            name=folded(spoken_name(brief.first_name)),
            titles=titles,
            known=words([*told, *spoken, brief.first_name]) | _COMMON_CAPITALS,
            verbatim=tuple(sorted({folded(v).rstrip(".") for v in (*whole, *named)} - {""}, key=len, reverse=True)),
            text=text,
            numbers=frozenset(_canonical(n) for n in _NUMBER.findall(text)),
            amounts=frozenset(_amounts(text)),
        )


def violations(draft: EmailDraft, brief: Brief) -> list[Violation]:
    """Everything in `draft` that `brief` does not support; empty for a draft that may be sent."""
    ground = Ground.of(brief)
    found = [*_items(draft, ground), *_greeting(draft.greeting, ground)]
    for where, text in texts(draft):
        found += [Violation(code=f.code, where=where, what=f.what) for f in text_faults(text, where, ground)]
    return found


def sentences(message: str) -> list[str]:
    """The sentences of an owner's message."""
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+", normal(message)) if s.strip()]


def message_faults(message: str) -> list[str]:
    """What a campaign's message may not hold (links, markup, signs), in words for its owner; empty when it is fine.

    Its claims are the owner's own: an offer in it may be repeated word for word.
    """
    return [fault.what for fault in dict.fromkeys(unsafe(message.replace("\n", " "), words([message])))]


def texts(draft: EmailDraft) -> Iterator[tuple[str, str]]:
    """Each text of a draft with the field it stands in."""
    yield "subject", draft.subject
    yield "preheader", draft.preheader
    yield "greeting", draft.greeting
    yield from ((f"paragraphs[{i}]", text) for i, text in enumerate(draft.paragraphs))
    yield from ((f"items[{i}].text", blurb.text) for i, blurb in enumerate(draft.items))
    yield "call_to_action", draft.call_to_action


def _items(draft: EmailDraft, ground: Ground) -> Iterator[Violation]:
    seen: set[str] = set()
    for i, blurb in enumerate(draft.items):
        where = f"items[{i}].item_id"
        if blurb.item_id not in ground.titles:
            yield Violation(code="item_unknown", where=where, what="an item that was not picked")
            continue
        if blurb.item_id in seen:
            yield Violation(code="item_repeated", where=where, what="an item that stands in the mail already")
        seen.add(blurb.item_id)
        said, own = folded(blurb.text), ground.titles[blurb.item_id]
        others = (title for item_id, title in ground.titles.items() if item_id != blurb.item_id and title != own)
        if own not in said and any(" " in title and title in said for title in others):
            yield Violation(code="item_mixed", where=f"items[{i}].text", what="words about another item")


def _greeting(greeting: str, ground: Ground) -> Iterator[Violation]:
    spoken = set(re.findall(r"[^\W\d_]+", folded(greeting)))
    if spoken - GREETINGS - set(re.findall(r"[^\W\d_]+", ground.name)):
        yield Violation(
            code="greeting", where="greeting", what="only a greeting and the client's first name, as in: Hello Ana,"
        )


def text_faults(text: str, where: str, ground: Ground) -> Iterator[Fault]:
    """What is wrong with one text of a draft. `where`: its field, as in `texts`."""
    flat = folded(text)
    if not any(c.isalnum() for c in text):
        yield Fault("empty", "no words")
    yield from unsafe(text, ground.known)
    if where == "subject" and re.match(r"(?:re|fwd?|aw)\s*:", flat):
        yield Fault("subject", "a subject that pretends to be an answer")
    yield from shouting(text, ground.known)
    yield from claims(_own_words(flat, ground))
    yield from _numbers(flat, ground)
    yield from _names(normal(text), ground)


def _own_words(flat: str, ground: Ground) -> str:
    """`flat` without what stands word for word in the brief."""
    for passage in ground.verbatim:
        flat = re.sub(rf"(?<![^\W_]){re.escape(passage)}(?![^\W_])", " · ", flat)
    return flat


def _numbers(flat: str, ground: Ground) -> Iterator[Fault]:
    strange = [n for n in _NUMBER.findall(flat) if _canonical(n) not in ground.numbers]
    if strange:
        yield Fault("number", f"a number that the brief does not have ({strange[0][:20]})")
    if amount := next((a for a in _amounts(flat) if a not in ground.amounts), None):
        yield Fault("number", f"a count that the brief does not have ({' '.join(amount)})")


def _names(text: str, ground: Ground) -> Iterator[Fault]:
    own = set(re.findall(r"[^\W\d_]+", ground.name))
    if any(folded(name) not in own | ground.known for name in _ADDRESSED.findall(text)):
        yield Fault("name", "somebody addressed by a name that is not the client's")
    if any(folded(name) not in ground.known for name in _SIGNED.findall(text)):
        yield Fault("name", "a person's name as the writer's; the shop writes")
    if any(folded(quoted).strip(" .,") not in ground.text for quoted in _QUOTED.findall(text)):
        yield Fault("title", "words in quotation marks that the brief does not have")
    if (called := _CALLED.match(text)) and not _is_opener(folded(called.group(1)), ground):
        yield Fault("name", "a text that opens with a name and a comma")
    if strange := next((w for w in _capitals(text) if folded(w) not in ground.known), None):
        yield Fault("title", f"a name or title that the brief does not have ({strange[:30]}); use sentence case")


def _is_opener(word: str, ground: Ground) -> bool:
    return word in _OPENERS or word in ground.known or word.endswith("ly")


def _capitals(text: str) -> Iterator[str]:
    """The capitalised words of `text` that do not begin a sentence."""
    for word in re.finditer(rf"{_CAPITAL}[^\W\d_]+", text):
        before = text[: word.start()].rstrip(" '\"()")
        begins = not before or before[-1] in ".!?:;-·•"
        if not begins and not text[word.start() - 1].isalnum():
            yield word.group()


def _amounts(flat: str) -> Iterable[tuple[str, str]]:
    return ((_WORD_NUMBERS.get(n, n), unit) for n, unit in _AMOUNT.findall(flat))


def _canonical(number: str) -> str:
    return number.replace(",", "").lstrip("0") or "0"
