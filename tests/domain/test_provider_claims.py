"""What a provider's claims make of somebody's name."""

from __future__ import annotations

from typing import Any

import pytest

from domain.provider_claims import LONGEST_NAME, choose_name

OWN: dict[str, Any] = {"sub": "u-1", "email": "mia@shop.example", "email_verified": True}
BOSS = "olga@shop.example"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Mia"}, "Mia"),
        ({"name": " \u202eMia\n"}, "Mia"),
        ({"name": BOSS}, "u-1"),
        ({"name": BOSS.replace("@", "\uff20")}, "u-1"),
        ({"name": BOSS, "preferred_username": "mia"}, "mia"),
        ({"preferred_username": BOSS}, "u-1"),
        ({"name": BOSS + " " * LONGEST_NAME + "x"}, "u-1"),
        ({"sub": BOSS}, "somebody"),
        ({"name": "Mia@shop.example"}, "Mia@shop.example"),
        ({"name": "mia@shop.example", "email_verified": False}, "u-1"),
        ({"name": "mia@shop.example", "email_verified": "true"}, "u-1"),
        ({"name": BOSS, "email": BOSS, "email_verified": None}, "u-1"),
    ],
    ids=range(12),
)
def test_an_address_is_a_name_only_where_it_is_verified(claims: dict[str, Any], name: str) -> None:
    assert choose_name(OWN | claims) == name
