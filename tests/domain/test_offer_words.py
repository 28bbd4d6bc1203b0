"""Discounts in an owner's message: found in five languages, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from domain.grounding import find_message_faults
from domain.offer_words import states_offer

OFFERS = (
    "Take 20% off until Sunday with code SAVE20",
    "$10 off your next order.",
    "Save 15 percent on coats.",
    "Half off all knitwear.",
    "Use XMAS26 at checkout.",
    "With the code spring24 everything is yours.",
    "20 % Rabatt auf alles bis Sonntag.",
    "Sparen Sie 10 Euro.",
    "20 % de remise sur tout.",
    "Un descuento del 20 % en todo.",
    "خصم 20٪ على كل شيء",
)
OTHERS = (
    "Our spring edit is in: light layers in soft colours.",
    "Delivery is free until Sunday, from $30.",
    "A tee of 100% cotton.",
    "Our sale is on.",
    "Take the day off.",
    "A dress code is no reason to be dull.",
    "The coats of 2026 have arrived, from 199 EUR.",
)


@pytest.mark.parametrize("message", OFFERS)
def test_a_discount_is_refused_with_the_way_to_make_one(message: str) -> None:
    assert states_offer(message)
    assert any("create an offer and name it in the campaign" in fault for fault in find_message_faults(message))


@pytest.mark.parametrize("message", OTHERS)
def test_what_is_no_discount_is_none(message: str) -> None:
    assert not states_offer(message)
