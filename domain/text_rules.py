"""What no sentence of a mail may hold, whoever wrote it. Tables of patterns, and the three questions asked of a text.

A model writes plain words; links, prices and addresses come from the catalogue. So anything that looks like one of
these is refused, in whichever disguise: full-width letters, look-alikes of other scripts, words taken apart, "dot com".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from domain.wording import BLANK_LETTERS, folded, normal, spoken, words


class Fault(NamedTuple):
    """One thing wrong with one text: a stable code, and what to say to whoever wrote it."""

    code: str
    what: str


class _Rule(NamedTuple):
    code: str
    what: str
    pattern: re.Pattern[str]


def _rule(code: str, what: str, pattern: str) -> _Rule:
    return _Rule(code, what, re.compile(pattern, re.VERBOSE))


_TLD: Final = (
    r"(?:com|net|org|info|biz|io|co|shop|store|app|link|xyz|top|site|online|ly|gg|ru|cn|uk|eu|de|fr|it|es|nl|us)"
)
_ADDRESSES: Final = (
    _rule("link", "a web address", r"\b(?:h\s?(?:tt|xx|t\st)\s?p\s?s?|ftp|mailto|tel|sms|javascript|data)\s*:|//"),
    _rule("link", "a web address", r"\bwww\d?\b|\bhxxps?\b|\bhttps?\b"),
    _rule("link", "a domain name, or a full stop without a space after it", r"[^\W_]\.[^\W\d_]{2,}"),
    _rule("link", "a domain name", rf"[^\W_]\s+\.\s*{_TLD}\b|[^\W_]\.\s+(?:com|net|org)\b"),
    _rule("link", "a domain name in disguise", r"dot(?:com|net|org)\b|[^\W_]\s?[,·•]\s?(?:com|net|org)\b"),
    _rule("link", "a domain name in words", rf"\bdot[\s\-]+{_TLD}\b|[(\[{{]\s*(?:dot|\.)\s*[)\]}}]"),
    _rule("link", "a network address", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    _rule("address", "an email address", r"@|[(\[{]\s*at\s*[)\]}]"),
    _rule("phone", "a telephone number", r"(?:\+?\d[\s().\-/]{0,3}){7,}"),
    _rule(
        "phone",
        "a telephone number in words",
        r"(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)\b[\s,\-]*){5,}",
    ),
)  # fmt: skip
_MARKUP: Final = (
    _rule("html", "HTML", r"[<>]|&\#?\w+;"),
    _rule("template", "template syntax or a placeholder", r"[{}]|\$\s*\(|%\s*\w*\s*%|\[\s*[a-z_ ]*\s*\]"),
    _rule("markdown", "markup", r"[\[\]`*_|\\^~\#]|=\?"),
)
_CLAIMS: Final = (
    _rule(
        "price",
        "a price or amount of money",
        r"""\b(?:usd|eur|gbp|chf|cad|aud|jpy|dollars?|euros?|bucks?|quid|pence)\b
        |\bpric(?:e|es|ed|ey|ing)\b|\bcosts?\b|\bcosting\b|\bcheap\w*|\binexpensive\w*|\baffordab\w+|\bbargain\w*
        |\b(?:\w*\d|one|two|three|four|five|ten|twenty|thirty|forty|fifty|hundred|thousand)[\s\-]+(?:pounds?|cents?|yen|francs?|rupees?)\b""",
    ),
    _rule(
        "offer",
        "a discount, offer or gift",
        r"""\bdiscount\w*|\bsales?\b|\bclearance\b|\bcoupons?\b|\bvouchers?\b|\bpromos?\b|\bpromotions?\b|\bdeals?\b
        |(?<!feel\ )(?<!-)\bfree\b(?!-)|\bfree-(?:of|ship|deliver|gift|return)\w*|\bcomplimentary\b|\bfreebies?\b
        |\bhalf[\s-]*(?:price|off)\b|\bper\s?cent\b|\bpercent\w*|\bpct\b|%|\d\s*off\b|\b(?:money|something|more)\s+off\b
        |\bsave\b|\bsavings\b|\boffers?\b|\bon\s+us\b|\bon\s+the\s+house\b|\b(?:no|without)\s+charge\b|\bgifts?\s+cards?\b
        |\bcash\s?back\b|\bbonus(?:es)?\b|\brewards?\b|\bmarked\s+down\b|\bmarkdowns?\b|\breduced\b|\b(?:two|2)\s+for\b
        |\bgratis\b|\bgratuit\w*|\bkostenlos\w*|\brabatt\w*|\bremise\b|\bdescuento\w*|\boferta\w*|\bsconto\b|\bangebot\w*
        |\b(?:use|enter|with|quote)\s+(?:the\s+|this\s+|our\s+)?code\b|\bcheckout\b|\bbuy\s+one\b|\bpay(?:s|ing|ments?)?\b
        |\b(?:third|quarter|five|ten|fifteen|twenty|thirty|forty|fifty)\s+off\b
        |\bsoldes\b|\bsaldi\b|\brebajas\b|\bkorting\w*|\bgutschein\w*""",
    ),
    _rule(
        "guarantee",
        "a guarantee or promise",
        r"\bguarant\w+|\bwarrant(?:y|ies|ed)\b|\brefund\w*|\bmoney[\s-]*back\b|\brisk[\s-]*free\b|\bpromis(?:e|es|ed|ing)\b",
    ),
    _rule(
        "urgency",
        "pressure or a claim about stock or time",
        r"""\bhurry\b|\blast\s+chance\b|\blimited[\s-]+(?:time|stock|edition|offer)\b|\bonly\s+(?:a\s+few|\w+)\s+left\b
        |\bselling\s+(?:out|fast)\b|\balmost\s+gone\b|\bact\s+(?:now|fast|today)\b|\bends\s+(?:soon|today|tonight|tomorrow)\b
        |\bbefore\s+(?:it'?s|they'?re|they\s+are|it\s+is)\s+gone\b|\bwhile\s+(?:stocks?|supplies)\s+lasts?\b
        |\b(?:same|next)[\s-]day\b|\bexpir(?:e|es|ing)\b""",
    ),
    _rule("claim", "praise that nothing shows", r"\baward[\s-]*winning\b|\bbest[\s-]*sell\w+|\bclinical\w*"),
    _rule(
        "solicitation",
        "a request for secrets, money or a reply elsewhere",
        r"""\bpass(?:word|code)s?\b|\bcredit\s+card\b|\bdebit\s+card\b|\bcard\s+(?:number|details)\b|\bbank\b|\biban\b
        |\baccount\s+(?:number|details)\b|\bsocial\s+security\b|\bpin\s+(?:code|number)\b|\bverify\s+your\b|\blog\s?in\b
        |\bsign\s+in\b|\bbitcoin\w*|\bcrypto\w*|\bwire\s+transfer\b|\bwestern\s+union\b|\bwhatsapp\b|\btelegram\b
        |\binstagram\b|\bfacebook\b|\btiktok\b|\bsnapchat\b|\bpaypal\b|\bvenmo\b|\bdm\s+us\b
        |\b(?:call|phone|text|ring)\s+us\b|\bclick\s+(?:here|below|the\s+link)\b""",
    ),
    _rule("consent", "a word on unsubscribing: the footer has it", r"\bun-?subscri\w+|\bopt(?:ing)?[\s-]*out\b"),
    _rule(
        "leak",
        "talk of instructions or of being a model",
        r"\bsystem\s+prompt\b|\bas\s+an\s+ai\b|\blanguage\s+model\b|\b(?:previous|prior|my|these)\s+instructions\b|\bbrief\s+says\b",
    ),
    _rule(
        "sensitive",
        "a word on a person's body, health or belief",
        r"\bpregnan\w+|\boverweight\b|\bobes\w+|\bweight[\s-]*loss\b|\blos(?:e|ing)\s+weight\b|\breligio\w+|\bdiagnos\w+",
    ),
)  # fmt: skip
_ADDRESS_IN_TITLE: Final = re.compile(rf"@|[^\W_]\.{_TLD}\b")
_TAKEN_APART: Final = re.compile(r"(?:(?<![^\W_])[^\W_][\s.\-·•,/]+){3,}[^\W_](?![^\W_])")
_SHOUT: Final = re.compile(r"!{2,}|\?{2,}|[!?]{3,}|!.*!")
_PLAIN_SIGNS: Final = frozenset(" .,;:!?'\"()&-/+%@’‘“”„«»–—…·•‐‑¿¡°\u00a0\u202f")


def unsafe(text: str, known: Container[str]) -> Iterator[Fault]:
    """Signs, links and markup that may stand in no text. `known`: folded words that may hold letters of any script."""
    yield from _signs(text, known)
    flat = folded(text)
    for rule in (*_ADDRESSES, *_MARKUP):
        if rule.pattern.search(flat):
            yield Fault(rule.code, rule.what)


def claims(flat: str) -> Iterator[Fault]:
    """Claims and requests in a `folded` text that no model may make."""
    joined = flat.replace("-", "") if "-" in flat else ""
    for rule in _CLAIMS:
        found = rule.pattern.search(flat) or (joined and rule.pattern.search(joined))
        if found:
            yield Fault(rule.code, f"{rule.what} ({found.group().strip()[:40]})")
    if _TAKEN_APART.search(flat):
        yield Fault("taken_apart", "a word taken apart into letters")


def shouting(text: str, known: Container[str]) -> Iterator[Fault]:
    """Exclamation marks in a row, or long words in capitals that are no word of the brief."""
    if _SHOUT.search(normal(text)):
        yield Fault("shouting", "more than one exclamation or question mark")
    capitals = [word for word in re.findall(r"[^\W\d_]{4,}", normal(text)) if word.isupper()]
    if any(folded(word) not in known for word in capitals):
        yield Fault("shouting", "a word in capitals")


@lru_cache(maxsize=8_192)
def quotable(text: str) -> str:
    """`spoken(text)` when it may be quoted in our own sentence; empty when it holds a link, a claim or the like."""
    said = quotable_title(text)
    return "" if any(claims(folded(said))) else said


@lru_cache(maxsize=8_192)
def quotable_title(title: str) -> str:
    """Like `quotable`, for titles of more than one word, whose own claims are theirs: `100% Cotton Tee`."""
    if _ADDRESS_IN_TITLE.search(folded(title)):
        return ""
    said = spoken(title)
    if any(unsafe(said, words([said]))) or (" " not in said and any(claims(folded(said)))):
        return ""
    return said


def _signs(text: str, known: Container[str]) -> Iterator[Fault]:
    if text.isascii() and text.isprintable() and "$" not in text:
        return
    codes = dict.fromkeys(filter(None, (_sign_fault(c) for c in text)))
    if "script" in codes and all(_is_known(part, known) for part in text.split() if _has_other_letters(part)):
        del codes["script"]
    yield from (Fault(code, _SIGN_FAULTS[code]) for code in codes)


_SIGN_FAULTS: Final = {
    "control": "an invisible sign or line break",
    "html": "an angle bracket",
    "price": "a currency sign",
    "symbol": "a symbol or emoji",
    "script": "letters of another script, or in a disguise",
}


def _sign_fault(c: str) -> str:
    """Which fault one sign is; empty for none. Markup in ASCII is left to the patterns, which say more."""
    kind = unicodedata.category(c)
    if kind in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or c in BLANK_LETTERS:
        return "control"
    if kind == "Sc":
        return "price"
    if c.isascii() or c in _PLAIN_SIGNS or _is_latin(c):
        return ""
    return "script" if kind[0] in "LMN" else "symbol"


def _is_latin(c: str) -> bool:
    """Letters of Latin alphabets in use; not the phonetic and mathematical ones that only look like them."""
    return c.isalpha() and (c in "ªº" or "À" <= c <= "ſ" or c in "ȘșȚț" or "Ḁ" <= c <= "ỿ")


def _has_other_letters(part: str) -> bool:
    return any(_sign_fault(c) == "script" for c in part)


def _is_known(part: str, known: Container[str]) -> bool:
    """Whether all words in `part` are the brief's, so that no letter of theirs can disguise another word."""
    found = words([part])
    return bool(found) and all(word in known for word in found)
