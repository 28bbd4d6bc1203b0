"""Check that a draft says only what its brief supports. This is code, not a model: no prompt can persuade it.

A draft may use the brief's items, facts and titles, the client's first name and the owner's message. Everything else
that can be checked is refused: other items, links, prices, offers, numbers, names. A sentence that stands word for word
in the brief (a fact, the owner's message) may make the claim that it makes there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from domain.offer_words import states_offer
from domain.text_rules import TextFault, find_claims, find_shouting, find_unsafe_text
from domain.wording import clean_name, fold, fold_words, normalise
from models.base import Contract
from models.mail import Brief, EmailDraft

GREETINGS: Final = fold_words(["hello hi dear hey good morning afternoon evening welcome back there again greetings"])
"""The words that a greeting may have besides the client's name."""

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
_DATE: Final = re.compile(r"\b\d{1,2}([./-])\d{1,2}\1\d{2,4}\b")
_QUOTED: Final = re.compile(r'"([^"]{3,})"')
_CALLED: Final = re.compile(rf"\s*({_CAPITAL}[^\W\d_]+),")
_OPENERS: Final = fold_words(
    [
        "today now here there still then again first next finally together instead also so yes no well once lately",
        "perhaps otherwise meanwhile indeed however therefore thus welcome hello hi thanks after before since",
    ]
)
"""Words that may open a text before a comma. Any other word there is a name, or may be read as one."""
_COMMON_CAPITALS: Final = fold_words(
    [
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august",
        "september october november december christmas easter english british french italian japanese european nordic",
        "scandinavian parisian mediterranean breton oxford merino london paris milan fix i",
    ]
)


class Violation(Contract):
    """One thing in a draft that its brief does not support. `where` is the field; `what` may quote the draft."""

    code: str
    where: str
    what: str
    facts: tuple[str, ...] = ()
    """What a sentence rests on without saying so."""


@dataclass(frozen=True)
class BriefSupport:
    """What a brief supports, in the normalised forms in which drafts are compared with it."""

    name: str
    titles: dict[str, str]
    known: frozenset[str]
    verbatim: tuple[str, ...]
    text: str
    numbers: frozenset[str]
    amounts: frozenset[tuple[str, str]]

    @classmethod
    def from_brief(cls, brief: Brief) -> BriefSupport:
        """Build the support of `brief`. The client's own words are left out: whoever writes them must not widen it."""
        titles = {item.item_id: fold(item.title).strip() for item in brief.items}
        facts = [fact.text for fact in brief.facts]
        statements = [*facts, brief.message, brief.shop_name]
        item_words = [
            part
            for item in brief.items
            for part in (item.title, item.brand, item.colour, item.category, item.why, *item.tags)
        ]
        text = " | ".join(fold(phrase) for phrase in (*statements, *item_words) if phrase)
        whole = [*facts, *split_sentences(brief.message)]
        named = [name for item in brief.items for name in (item.title, item.brand) if " " in name.strip()]
        return cls(
            name=fold(clean_name(brief.first_name)),
            titles=titles,
            known=fold_words([*statements, *item_words, brief.first_name]) | _COMMON_CAPITALS,
            verbatim=tuple(sorted({fold(v).rstrip(".") for v in (*whole, *named)} - {""}, key=len, reverse=True)),
            text=text,
            numbers=frozenset(_normalise_number(n) for n in _NUMBER.findall(text)),
            amounts=frozenset(_list_amounts(text)),
        )


def seal_draft(draft: EmailDraft, brief: Brief) -> dict[str, Any]:
    """Build the ledger's columns of a checked draft: its text, its writer's freedom, and the digest that holds both to
    the facts. Whatever changes the text seals it anew."""
    text, facts = draft.model_dump(mode="json"), brief.model_dump(mode="json")
    return {"draft": text, "autonomy": brief.autonomy, "digest": compute_digest(text, facts)}


def compute_digest(draft: Mapping[str, Any], brief: Mapping[str, Any]) -> str:
    """Compute the digest of a stored draft and of what its brief lets it say."""
    told = {
        name: brief.get(name) for name in ("autonomy", "facts", "items", "message", "first_name", "locale", "season")
    }
    if brief.get("offer"):  # a digest from before there were offers stays what it was
        told["offer"] = brief["offer"]
    return sha256(json.dumps([draft, told], sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def find_violations(draft: EmailDraft, brief: Brief) -> list[Violation]:
    """Return everything in `draft` that `brief` does not support; empty for a draft that may be sent."""
    support = BriefSupport.from_brief(brief)
    violations = [*check_items(draft, support), *_check_greeting(draft.greeting, support)]
    for where, text in list_texts(draft):
        violations += [Violation(code=f.code, where=where, what=f.what) for f in find_text_faults(text, where, support)]
    return violations


_ABBREVIATIONS: Final = r"(?<!\bno\.)(?<!\bnr\.)(?<!\bst\.)(?<!\bdr\.)(?<!\bmr\.)(?<!\bmrs\.)"
"""Their point ends no sentence, as in the titles of items: Dress no. 7."""
_GERMAN_DAY: Final = (
    r"(?!(?<=\d\.)\s+(?:januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)\b)"
)
"""The point of an ordinal ends no sentence: am 1. November."""
_SENTENCE_END: Final = re.compile(rf"(?<=[.!?…؟]){_ABBREVIATIONS}{_GERMAN_DAY}\s+|(?<=[。！？।])\s*", re.IGNORECASE)


def split_sentences(message: str) -> list[str]:
    """Split an owner's message into its sentences, with the signs that the owner typed."""
    return [s.strip() for s in _SENTENCE_END.split(" ".join(message.split())) if s.strip()]


def find_message_faults(message: str) -> list[str]:
    """Return what a campaign's message may not hold, each with a way to say it; empty when every sentence of it will
    stand in the mail.

    Claims are the owner's own, but a discount has terms to check: it is an offer that the campaign names.
    """
    whole = tuple(fold(sentence).rstrip(".") for sentence in split_sentences(message))
    numbers = frozenset(_normalise_number(n) for n in _NUMBER.findall(fold(message)))
    support = BriefSupport(
        "", {}, fold_words([message]), whole, fold(message), numbers, frozenset(_list_amounts(fold(message)))
    )
    faults = []
    for sentence in split_sentences(message):
        if len(sentence) > LONGEST_SENTENCE:
            faults.append(f"a sentence of over {LONGEST_SENTENCE} characters; cut it in two")
        if states_offer(sentence):
            faults.append(f"\u201c{sentence[:60]}\u201d: a discount or a code; {_OFFER_WAY}")
        for fault in find_text_faults(sentence, "paragraphs", support):
            way = _MESSAGE_WAYS.get(fault.code, "say it in plain words")
            faults.append(f"\u201c{sentence[:60]}\u201d: {fault.what}; {way}")
    # A sign that ends sentences may also be the dot of a domain, which no single sentence shows.
    if not faults and any(fault.code == "link" for fault in find_unsafe_text(soften_message(message), support.known)):
        faults.append(f"\u201c{message[:60]}\u201d: a web address; {_MESSAGE_WAYS['link']}")
    return list(dict.fromkeys(faults))


LONGEST_SENTENCE: Final = 600
_OFFER_WAY: Final = "create an offer and name it in the campaign"
_MESSAGE_WAYS: Final = {
    "shouting": "end it with one sign at most, and write words in small letters, as in: Free delivery over 75 USD.",
    "link": "leave it out; the shop adds its links",
    "address": "leave it out; clients answer to the mail itself",
    "phone": "leave it out; clients answer to the mail itself",
    "symbol": "leave the sign out",
    "html": "write plain words without markup",
    "markdown": "write plain words without markup",
    "template": "write the words themselves; nothing is filled in here",
    "title": "leave out the quotation marks",
}


def list_texts(draft: EmailDraft) -> Iterator[tuple[str, str]]:
    """List each text of a draft with the name of its field."""
    yield "subject", draft.subject
    yield "preheader", draft.preheader
    yield "greeting", draft.greeting
    yield from ((f"paragraphs[{i}]", text) for i, text in enumerate(draft.paragraphs))
    yield from ((f"items[{i}].text", blurb.text) for i, blurb in enumerate(draft.items))
    yield "call_to_action", draft.call_to_action


def check_items(draft: EmailDraft, support: BriefSupport) -> Iterator[Violation]:
    """Check that each item of the draft was picked, stands once, and has no other's words."""
    seen: set[str] = set()
    for i, blurb in enumerate(draft.items):
        where = f"items[{i}].item_id"
        if blurb.item_id not in support.titles:
            yield Violation(code="item_unknown", where=where, what="an item that was not picked")
            continue
        if blurb.item_id in seen:
            yield Violation(code="item_repeated", where=where, what="an item that stands in the mail already")
        seen.add(blurb.item_id)
        blurb_text, own = fold(blurb.text), support.titles[blurb.item_id]
        others = (title for item_id, title in support.titles.items() if item_id != blurb.item_id and title != own)
        if own not in blurb_text and any(" " in title and title in blurb_text for title in others):
            yield Violation(code="item_mixed", where=f"items[{i}].text", what="words about another item")


def _check_greeting(greeting: str, support: BriefSupport) -> Iterator[Violation]:
    item_words = set(re.findall(r"[^\W\d_]+", fold(greeting)))
    if item_words - GREETINGS - set(re.findall(r"[^\W\d_]+", support.name)):
        yield Violation(
            code="greeting", where="greeting", what="only a greeting and the client's first name, as in: Hello Ana,"
        )


def find_text_faults(text: str, where: str, support: BriefSupport) -> Iterator[TextFault]:
    """Find what is wrong with one text of a draft. `where` is its field, as in `list_texts`."""
    flat = fold(text)
    if not any(c.isalnum() for c in text):
        yield TextFault("empty", "no words")
    yield from find_unsafe_text(_soften_own_words(text, support), support.known)
    if where == "subject" and re.match(r"(?:re|fwd?|aw)\s*:", flat):
        yield TextFault("subject", "a subject that pretends to be an answer")
    yield from find_shouting(text, support.known)
    yield from find_claims(_remove_verbatim(flat, support))
    yield from _check_numbers(flat, support)
    yield from _check_names(normalise(text), support)


def _soften_own_words(text: str, support: BriefSupport) -> str:
    """Return the text without the dates and signs of currency of the owner's own sentences: an owner may write $10."""
    sentences = split_sentences(text)
    own = {sentence for sentence in sentences if fold(sentence).rstrip(".") in support.verbatim}
    return " ".join(soften_message(s) if s in own else s for s in sentences) if own else text


def soften_message(sentence: str) -> str:
    """Return an owner's sentence without dates and signs of currency."""
    return _DATE.sub(" ", re.sub(r"[$€£¥]", " ", sentence))


def _remove_verbatim(flat: str, support: BriefSupport) -> str:
    """Return `flat` without the passages that stand word for word in the brief."""
    for passage in (p for p in support.verbatim if p in flat):
        flat = re.sub(rf"(?<![^\W_]){re.escape(passage)}(?![^\W_])", " · ", flat)
    return flat


def _check_numbers(flat: str, support: BriefSupport) -> Iterator[TextFault]:
    strange = [n for n in _NUMBER.findall(flat) if _normalise_number(n) not in support.numbers]
    if strange:
        yield TextFault("number", f"a number that the brief does not have ({strange[0][:20]})")
    if amount := next((a for a in _list_amounts(flat) if a not in support.amounts), None):
        yield TextFault("number", f"a count that the brief does not have ({' '.join(amount)})")


def _check_names(text: str, support: BriefSupport) -> Iterator[TextFault]:
    own = set(re.findall(r"[^\W\d_]+", support.name))
    if any(fold(name) not in own | support.known for name in _ADDRESSED.findall(text)):
        yield TextFault("name", "somebody addressed by a name that is not the client's")
    if any(fold(name) not in support.known for name in _SIGNED.findall(text)):
        yield TextFault("name", "a person's name as the writer's; the shop writes")
    if any(fold(quoted).strip(" .,") not in support.text for quoted in _QUOTED.findall(text)):
        yield TextFault("title", "words in quotation marks that the brief does not have")
    if (called := _CALLED.match(text)) and not _is_opener(fold(called.group(1)), support):
        yield TextFault("name", "a text that opens with a name and a comma")
    if strange := next((w for w in _list_capitals(text) if fold(w) not in support.known), None):
        yield TextFault("title", f"a name or title that the brief does not have ({strange[:30]}); use sentence case")


def _is_opener(word: str, support: BriefSupport) -> bool:
    return word in _OPENERS or word in support.known or word.endswith("ly")


def _list_capitals(text: str) -> Iterator[str]:
    """List the capitalised words of `text` that do not begin a sentence."""
    for word in re.finditer(rf"{_CAPITAL}[^\W_]+", text):
        before = text[: word.start()].rstrip(" '\"()")
        begins = not before or before[-1] in ".!?:;-·•"
        if not begins and not text[word.start() - 1].isalnum():
            yield word.group()


def _list_amounts(flat: str) -> Iterable[tuple[str, str]]:
    return ((_WORD_NUMBERS.get(n, n), unit) for n, unit in _AMOUNT.findall(flat))


def _normalise_number(number: str) -> str:
    return number.replace(",", "").lstrip("0") or "0"
