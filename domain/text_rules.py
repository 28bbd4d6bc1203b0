"""What no sentence of a mail may hold, whoever wrote it: tables of patterns and the three checks that use them.

A model writes plain words; links, prices and addresses come from the catalogue. So everything that looks like one of
these is refused, in any disguise: full-width letters, letters of other scripts, words taken apart, "dot com".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from domain.wording import BLANK_LETTERS, clean_phrase, fold, fold_words, normalise


class TextFault(NamedTuple):
    """One thing that is wrong with a text: a stable code, and a phrase for its author."""

    code: str
    what: str


class _TextPattern(NamedTuple):
    code: str
    what: str
    pattern: re.Pattern[str]


def _pattern(code: str, what: str, pattern: str) -> _TextPattern:
    return _TextPattern(code, what, re.compile(pattern, re.VERBOSE))


_TLD: Final = (
    r"(?:com|net|org|info|biz|io|co|shop|store|app|link|xyz|top|site|online|ly|gg|ru|cn|uk|eu|de|fr|it|es|nl|us)"
)
_ADDRESSES: Final = (
    _pattern("link", "a web address", r"\b(?:h\s?(?:tt|xx|t\st)\s?p\s?s?|ftp|mailto|tel|sms|javascript|data)\s*:|//"),
    _pattern("link", "a web address", r"\bwww\d?\b|\bhxxps?\b|\bhttps?\b"),
    # In Chinese and Japanese no space follows a full stop, which `fold` turns into a dot.
    _pattern(
        "link",
        "a domain name, or a full stop without a space after it",
        r"[^\W_]\.(?![\u3040-\u9fff])[^\W\d_]{2,}",
    ),
    _pattern("link", "a domain name", rf"[^\W_]\s+\.\s*{_TLD}\b|[^\W_]\.\s+(?:com|net|org)\b"),
    _pattern("link", "a domain name in disguise", r"dot(?:com|net|org)\b|[^\W_]\s?[,·•]\s?(?:com|net|org)\b"),
    _pattern("link", "a domain name in words", rf"\bdot[\s\-]+{_TLD}\b|[(\[{{]\s*(?:dot|\.)\s*[)\]}}]"),
    _pattern("link", "a network address", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    _pattern("address", "an email address", r"@|[(\[{]\s*at\s*[)\]}]"),
    _pattern("phone", "a telephone number", r"(?:\+?\d[\s().\-/]{0,3}){7,}"),
    _pattern(
        "phone",
        "a telephone number in words",
        r"(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)\b[\s,\-]*){5,}",
    ),
)  # fmt: skip
_MARKUP: Final = (
    _pattern("html", "HTML", r"[<>]|&\#?\w+;"),
    _pattern("template", "template syntax or a placeholder", r"[{}]|\$\s*\(|%\s*\w*\s*%|\[\s*[a-z_ ]*\s*\]"),
    _pattern("markdown", "markup", r"[\[\]`*_|\\^~\#]|=\?"),
)
_CLAIMS: Final = (
    _pattern(
        "price",
        "a price or amount of money",
        r"""\b(?:usd|eur|gbp|chf|cad|aud|jpy|dollars?|euros?|bucks?|quid|pence)\b
        |\bpric(?:e|es|ed|ey|ing)\b|\bcosts?\b|\bcosting\b|\bcheap\w*|\binexpensive\w*|\baffordab\w+|\bbargain\w*
        |\b(?:\w*\d|one|two|three|four|five|ten|twenty|thirty|forty|fifty|hundred|thousand)[\s\-]+(?:pounds?|cents?|yen|francs?|rupees?)\b""",
    ),
    _pattern(
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
    _pattern(
        "guarantee",
        "a guarantee or promise",
        r"\bguarant\w+|\bwarrant(?:y|ies|ed)\b|\brefund\w*|\bmoney[\s-]*back\b|\brisk[\s-]*free\b|\bpromis(?:e|es|ed|ing)\b",
    ),
    _pattern(
        "urgency",
        "pressure or a claim about stock or time",
        r"""\bhurry\b|\blast\s+chance\b|\blimited[\s-]+(?:time|stock|edition|offer)\b|\bonly\s+(?:a\s+few|\w+)\s+left\b
        |\bselling\s+(?:out|fast)\b|\balmost\s+gone\b|\bact\s+(?:now|fast|today)\b|\bends\s+(?:soon|today|tonight|tomorrow)\b
        |\bbefore\s+(?:it'?s|they'?re|they\s+are|it\s+is)\s+gone\b|\bwhile\s+(?:stocks?|supplies)\s+lasts?\b
        |\b(?:same|next)[\s-]day\b|\bexpir(?:e|es|ing)\b""",
    ),
    _pattern("claim", "praise that nothing shows", r"\baward[\s-]*winning\b|\bbest[\s-]*sell\w+|\bclinical\w*"),
    _pattern(
        "solicitation",
        "a request for secrets, money or a reply elsewhere",
        r"""\bpass(?:word|code)s?\b|\bcredit\s+card\b|\bdebit\s+card\b|\bcard\s+(?:number|details)\b|\bbank\b|\biban\b
        |\baccount\s+(?:number|details)\b|\bsocial\s+security\b|\bpin\s+(?:code|number)\b|\bverify\s+your\b|\blog\s?in\b
        |\bsign\s+in\b|\bbitcoin\w*|\bcrypto\w*|\bwire\s+transfer\b|\bwestern\s+union\b|\bwhatsapp\b|\btelegram\b
        |\binstagram\b|\bfacebook\b|\btiktok\b|\bsnapchat\b|\bpaypal\b|\bvenmo\b|\bdm\s+us\b
        |\b(?:call|phone|text|ring)\s+us\b|\bclick\s+(?:here|below|the\s+link)\b""",
    ),
    _pattern("consent", "a word on unsubscribing: the footer has it", r"\bun-?subscri\w+|\bopt(?:ing)?[\s-]*out\b"),
    _pattern(
        "leak",
        "talk of instructions or of being a model",
        r"\bsystem\s+prompt\b|\bas\s+an\s+ai\b|\blanguage\s+model\b|\b(?:previous|prior|my|these)\s+instructions\b|\bbrief\s+says\b",
    ),
    _pattern(
        "sensitive",
        "a word on a person's body, health or belief",
        r"\bpregnan\w+|\boverweight\b|\bobes\w+|\bweight[\s-]*loss\b|\blos(?:e|ing)\s+weight\b|\breligio\w+|\bdiagnos\w+",
    ),
)  # fmt: skip
_ADDRESS_IN_TITLE: Final = re.compile(rf"@|[^\W_]\.{_TLD}\b")
_TAKEN_APART: Final = re.compile(r"(?:(?<![^\W_])[^\W_][\s.\-·•,/]+){3,}[^\W_](?![^\W_])")
_SHOUT: Final = re.compile(r"!{2,}|\?{2,}|[!?]{3,}|!.*!")
_PLAIN_SIGNS: Final = frozenset(
    " .,;:!?'\"()&-/+%@’‘“”„«»–—…·•‐‑¿¡°\u00a0\u202f"
    "、。〈〉《》「」『』【】〔〕〜・！？，．：；（）～\u3000،؛؟۔।"  # Chinese, Japanese, Korean, Arabic, Hindi
)


def find_unsafe_text(text: str, known: Container[str]) -> Iterator[TextFault]:
    """Find signs, links and markup that no text may hold. `known`: folded words that may have letters of any script."""
    yield from _find_bad_signs(text, known)
    yield from _find_links(fold(text))


# Most sentences of a shop's mails recur, and so do the words of its items.
@lru_cache(maxsize=8_192)
def _find_links(flat: str) -> tuple[TextFault, ...]:
    return tuple(TextFault(rule.code, rule.what) for rule in (*_ADDRESSES, *_MARKUP) if rule.pattern.search(flat))


@lru_cache(maxsize=8_192)
def find_claims(flat: str) -> tuple[TextFault, ...]:
    """Find claims and requests in a `fold`ed text that no model may make."""
    found = []
    joined = flat.replace("-", "") if "-" in flat else ""
    for rule in _CLAIMS:
        match = rule.pattern.search(flat) or (joined and rule.pattern.search(joined))
        if match:
            found.append(TextFault(rule.code, f"{rule.what} ({match.group().strip()[:40]})"))
    if _TAKEN_APART.search(flat):
        found.append(TextFault("taken_apart", "a word taken apart into letters"))
    return tuple(found)


def find_shouting(text: str, known: Container[str]) -> Iterator[TextFault]:
    """Find exclamation marks in a row, and long words in capitals that are not words of the brief."""
    if _SHOUT.search(normalise(text)):
        yield TextFault("shouting", "more than one exclamation or question mark")
    capitals = [word for word in re.findall(r"[^\W_]{4,}", normalise(text)) if word.isupper()]
    if any(fold(word) not in known for word in capitals):
        yield TextFault("shouting", "a word in capitals")


@lru_cache(maxsize=8_192)
def clean_quote(text: str) -> str:
    """Return the cleaned text when it may be quoted in our own sentence; empty when it holds a link, a claim or the
    like."""
    cleaned = clean_title(text)
    return "" if any(find_claims(fold(cleaned))) else cleaned


@lru_cache(maxsize=8_192)
def clean_title(title: str) -> str:
    """Return a cleaned title. Unlike `clean_quote` it allows claims in titles of several words, such as `100% Cotton
    Tee`."""
    if _ADDRESS_IN_TITLE.search(fold(title)):
        return ""
    cleaned = clean_phrase(title)
    if any(find_unsafe_text(cleaned, fold_words([cleaned]))) or (
        " " not in cleaned and any(find_claims(fold(cleaned)))
    ):
        return ""
    return cleaned


def _find_bad_signs(text: str, known: Container[str]) -> Iterator[TextFault]:
    if text.isascii() and text.isprintable() and "$" not in text:
        return
    codes = dict.fromkeys(filter(None, (_classify_sign(c) for c in text)))
    if "script" in codes and all(_is_known(part, known) for part in text.split() if _has_other_letters(part)):
        del codes["script"]
    yield from (TextFault(code, _SIGN_FAULTS[code]) for code in codes)


_SIGN_FAULTS: Final = {
    "control": "an invisible sign or line break",
    "html": "an angle bracket",
    "price": "a currency sign",
    "symbol": "a symbol or emoji",
    "script": "letters of another script, or in a disguise",
}


def _classify_sign(c: str) -> str:
    """Return the kind of fault that a sign is; empty for none. ASCII markup is left to the patterns, which say more."""
    kind = unicodedata.category(c)
    if kind in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or c in BLANK_LETTERS:
        return "control"
    if kind == "Sc":
        return "price"
    if c.isascii() or c in _PLAIN_SIGNS or _is_latin(c):
        return ""
    return "script" if kind[0] in "LMN" else "symbol"


def _is_latin(c: str) -> bool:
    """Return whether a sign is a letter of a Latin alphabet in use, not a phonetic or mathematical look-alike."""
    return c.isalpha() and (c in "ªº" or "À" <= c <= "ſ" or c in "ȘșȚț" or "Ḁ" <= c <= "ỿ")


def _has_other_letters(part: str) -> bool:
    return any(_classify_sign(c) == "script" for c in part)


def _is_known(part: str, known: Container[str]) -> bool:
    """Return whether all words in `part` are known from the brief, so that no letter can disguise another word."""
    part_words = fold_words([part])
    return bool(part_words) and all(word in known for word in part_words)
