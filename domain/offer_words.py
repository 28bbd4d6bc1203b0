"""Discounts that an owner types into a message: nobody would check their terms, so they belong into an offer."""

from __future__ import annotations

import re
from typing import Final

from domain.wording import fold, normalise

_OFF: Final = (
    r"\boff\b|\bdiscount\w*|\bsave\b|\breduc\w+|\brabatt\w*|\bnachlass\b|\bgunstiger\b|\bspar\w+|\bremise\b|\brabais\b"
    r"|\bdescuento\w*|\brebaja\w*|\bahorr\w+|\bsconto\b|خصم|تخفيض|وفر"
)
_FIGURE: Final = (
    r"\d\s*%|\d\s*(?:percent|per cent|prozent|pour ?cent|por ciento)\b|\bhalf\b|[$€£¥]\s*\d|\d\s*[$€£¥]"
    r"|\d\s*(?:usd|eur|gbp|chf|dollars?|euros?|pounds?)\b|٪"
)
_DISCOUNT: Final = re.compile(rf"(?=.*(?:{_OFF}))(?=.*(?:{_FIGURE}))", re.DOTALL)
_CODE: Final = re.compile(
    r"\b(?:code|coupon|voucher|gutschein\w*|rabattcode|codigo|cupon)\b\W+(?:is\W+|ist\W+)?([\w-]*\d[\w-]*)|(?:الرمز|كود)"
)
_TYPED: Final = re.compile(r"\b(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9-]{4,}\b")
_AT_CHECKOUT: Final = re.compile(r"\b(?:checkout|enter|use|code|kasse|caisse|pagar|einlosen)\b")


def states_offer(sentence: str) -> bool:
    """Return whether a sentence states a discount with a figure, or a code to type."""
    flat = fold(sentence)
    if _DISCOUNT.search(flat) or _CODE.search(flat):
        return True
    return bool(_TYPED.search(normalise(sentence)) and _AT_CHECKOUT.search(flat))
