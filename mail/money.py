"""Formats prices for people."""

from __future__ import annotations

from typing import Final

_SIGNS: Final = {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥", "AUD": "A$", "CAD": "C$", "NZD": "NZ$"}
_WHOLE: Final = frozenset({"JPY", "KRW", "VND", "ISK", "CLP"})
"""Currencies without a smaller unit. Prices are stored in hundredths all the same."""


def format_price(cents: int, currency: str) -> str:
    """Format `cents` (hundredths of `currency`, an ISO 4217 code) with sign and thousands: $1,249.00, ¥4,800, CHF
    90.00."""
    sign = _SIGNS.get(currency, f"{currency}\u00a0")
    whole, rest = divmod(cents, 100)
    return f"{sign}{whole:,}" if currency in _WHOLE else f"{sign}{whole:,}.{rest:02}"
