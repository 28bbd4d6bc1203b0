"""What the house rules read in a note, and how it adds to a wish."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix_notes import merged, read_by_rules
from models.fixes import FixWish

KINDS = ["Dresses", "Jeans", "Shoes", "Coat", "T-shirt"]
SHADES = ["Black", "Navy", "Rust"]


@pytest.mark.parametrize(
    ("note", "field", "words"),
    [
        ("I need a coat for Lisbon.", "must_have", ("Coat",)),
        ("Would love a dress, or two", "must_have", ("Dresses",)),
        ("please: jeans", "must_have", ("Jeans",)),
        ("No shoes this time", "exclude_categories", ("Shoes",)),
        ("I have enough jeans; please no coats", "exclude_categories", ("Jeans", "Coat")),
        ("Nothing in black", "exclude_colours", ("Black",)),
        ("no black dresses", "exclude_colours", ("Black",)),
        ("no black dresses", "exclude_categories", ()),
        ("I want a coat, but no coat in rust", "exclude_colours", ("Rust",)),
        ("We met by the coast; blackout curtains", "must_have", ()),
        ("I like dressing up", "must_have", ()),
    ],
)
def test_clauses_are_read_as_they_are_meant(note: str, field: str, words: tuple[str, ...]) -> None:
    assert getattr(read_by_rules(note, KINDS, SHADES).fields, field) == words


@pytest.mark.parametrize(
    ("note", "budget", "item_cap"),
    [
        ("Under 250 in all", "250", None),
        ("up to £80 each", None, "80"),
        ("My budget is 199.50, at most 60 per item", "199.50", "60"),
        ("I am 42 and wear a 12", None, None),
    ],
)
def test_amounts_are_read_where_they_are_stated(note: str, budget: str | None, item_cap: str | None) -> None:
    fields = read_by_rules(note, KINDS, SHADES).fields
    assert fields.budget == (Decimal(budget) if budget else None)
    assert fields.item_cap == (Decimal(item_cap) if item_cap else None)


@given(st.text(max_size=2_000))
def test_any_text_is_read_without_harm(note: str) -> None:
    read = read_by_rules(note, KINDS, SHADES)
    assert set(read.fields.must_have) | set(read.fields.exclude_categories) <= set(KINDS)
    assert not set(read.fields.must_have) & set(read.fields.exclude_categories)


def test_what_is_stated_holds_against_what_was_read() -> None:
    wish = FixWish(slots=2, budget=Decimal(100), must_have=("Coat",), exclude_categories=("Shoes",))
    noted = {
        "must_have": ["Shoes", "Jeans", "Dresses"],
        "exclude_categories": ["Coat"],
        "budget": "300",
        "item_cap": "9",
    }
    both = merged(wish, noted)
    assert both.must_have == ("Coat", "Jeans")
    assert both.exclude_categories == ("Shoes",)
    assert (both.budget, both.item_cap) == (Decimal(100), Decimal(9))
    assert merged(wish, {}) == wish
    assert FixWish.model_validate(both.model_dump()) == both, "still a wish that could have been stated"
