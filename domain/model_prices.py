"""What calls of language models cost: prices a model, estimates before a call, and counts that can be trusted after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

MOST_TOKENS: Final = 2_000_000
"""More than any model takes or gives; a higher count is the endpoint's mistake."""
CHARACTERS_A_TOKEN: Final = 3
"""Fewer than in English, so that an estimate errs on the high side."""
_PRICE: Final = re.compile(r"\s*([^\s,=]+)=(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)\s*")


class TokenPrice(NamedTuple):
    """The price of a million tokens, in and out."""

    given: float
    made: float

    def compute_micros(self, tokens_in: int, tokens_out: int) -> int:
        """Compute the cost of a call in millionths."""
        return round(tokens_in * self.given + tokens_out * self.made)


FREE: Final = TokenPrice(0.0, 0.0)


class TokenCount(NamedTuple):
    """Tokens in and out, and whether what the endpoint reported was impossible."""

    given: int
    made: int
    impossible: bool = False


def parse_prices(text: str) -> Mapping[str, TokenPrice]:
    """Parse `model-a=0.15/0.60,model-b=3/15`: the price of a million tokens in and out. Raises ValueError."""
    prices = {}
    for part in filter(str.strip, text.split(",")):
        if (found := _PRICE.fullmatch(part)) is None:
            raise ValueError(f"{part.strip()!r} is not MODEL=IN/OUT, the prices of a million tokens")
        prices[found[1]] = TokenPrice(float(found[2]), float(found[3]))
    return prices


def estimate_tokens(messages: Iterable[Mapping[str, Any]], answer_tokens: int) -> TokenCount:
    """Estimate the tokens of a call before it is made."""
    characters = sum(len(str(message.get("content") or "")) for message in messages)
    return TokenCount(characters // CHARACTERS_A_TOKEN + 1, answer_tokens)


def count_tokens(usage: Any, estimate: TokenCount) -> TokenCount:
    """Count the tokens of a call by what the endpoint reports; an impossible number (negative, none, absurd) gives way
    to the estimate. An endpoint that reports nothing is taken to count nothing."""
    if usage is None:
        return TokenCount(0, 0)
    numbers = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    pairs = [_clamp(number or 0, other) for number, other in zip(numbers, estimate[:2], strict=True)]
    return TokenCount(pairs[0][0], pairs[1][0], impossible=pairs[0][1] or pairs[1][1])


def _clamp(number: Any, estimate: int) -> tuple[int, bool]:
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TOKENS:
        return number, False
    return estimate, True
