from __future__ import annotations

import pytest

from domain.wording import format_price


@pytest.mark.parametrize(
    ("cents", "currency", "expected"),
    [
        (14_900, "USD", "$149.00"),
        (124_905, "GBP", "£1,249.05"),
        (5, "EUR", "€0.05"),
        (0, "USD", "$0.00"),
        (480_000, "JPY", "¥4,800"),
        (100_000_000, "CHF", "CHF\u00a01,000,000.00"),
    ],
)
def test_prices_read_as_people_write_them(cents: int, currency: str, expected: str) -> None:
    assert format_price(cents, currency) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "1.249,05\u00a0€"), ("fr", "1\u202f249,05\u00a0€"), ("es", "1.249,05\u00a0€"), ("ar", "1,249.05\u00a0€")],
)
def test_each_language_writes_prices_in_its_way(language: str, expected: str) -> None:
    assert format_price(124_905, "EUR", language) == expected
