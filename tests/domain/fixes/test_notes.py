"""What the house rules read in a note, and how it adds to a wish."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fixes.notes import REST_NOT_UNDERSTOOD, merge_note, parse_note
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
        ("No black and no jeans.", "exclude_colours", ("Black",)),
        ("No black and no jeans.", "exclude_categories", ("Jeans",)),
        ("I hate black and I don't want jeans.", "exclude_colours", ("Black",)),
        ("I hate black and I don\u2019t want jeans.", "exclude_categories", ("Jeans",)),
        ("No black, navy or jeans", "exclude_colours", ("Black", "Navy")),
        ("No black, navy or jeans", "exclude_categories", ("Jeans",)),
        ("No black or navy dresses", "exclude_categories", ()),
        ("I need a warm and cosy coat and jeans", "must_have", ("Coat", "Jeans")),
        ("I need a coat and nothing in rust", "must_have", ("Coat",)),
        ("I need jeans that are not tight", "must_have", ("Jeans",)),
        ("No shoes, a coat please", "must_have", ("Coat",)),
        ("I hate black and jeans are fine", "exclude_categories", ()),
        ("I hate black, rust or navy", "exclude_colours", ("Black", "Rust", "Navy")),
        ("I don't mind black", "exclude_colours", ()),
        ("Anything but black", "exclude_colours", ("Black",)),
        ("I don't mind jeans", "exclude_categories", ()),
        ("I can't wait for a coat", "exclude_categories", ()),
        ("no tight jeans, no dresses with flowers", "exclude_categories", ()),
        ("no off-black, no light navy", "exclude_colours", ()),
        ("Something in navy", "colours", ("Navy",)),
        ("I'd love rust, no black", "colours", ("Rust",)),
        ("A navy dress, please", "colours", ("Navy",)),
    ],
)
def test_clauses_are_read_as_they_are_meant(note: str, field: str, words: tuple[str, ...]) -> None:
    assert getattr(parse_note(note, KINDS, SHADES).fields, field) == words


@pytest.mark.parametrize(
    ("note", "budget", "item_cap"),
    [
        ("Under 250 in all", "250", None),
        ("up to £80 each", None, "80"),
        ("My budget is 199.50, at most 60 per item", "199.50", "60"),
        ("I am 42 and wear a 12", None, None),
        ("Nothing above 90", None, "90"),
        ("Nothing over 90 please.", None, "90"),
        ("Please nothing that costs more than $90.50.", None, "90.50"),
        ("Each under 90", None, "90"),
        ("max 90 per item", None, "90"),
        ("nothing over 300 in total", "300", None),
        ("up to 1,250 for the box", "1250", None),
        ("Heels under 5 cm, at most 2 dresses, within 5 days", None, None),
        ("no jeans over 90, I need a coat under 200", None, None),
        ("under 1.000 or 999999999999", None, None),
    ],
)
def test_amounts_are_read_where_they_are_stated(note: str, budget: str | None, item_cap: str | None) -> None:
    fields = parse_note(note, KINDS, SHADES).fields
    assert fields.budget == (Decimal(budget) if budget else None)
    assert fields.item_cap == (Decimal(item_cap) if item_cap else None)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("No black and no jeans.", ("Wants no Jeans.", "Wants nothing in Black.")),
        ("Hi, no jeans this time please. Thank you!", ("Wants no Jeans.",)),
        ("No black. My sister marries in June.", ("Wants nothing in Black.", REST_NOT_UNDERSTOOD)),
        ("I need a coat and a hat", ("Wants Coat.", REST_NOT_UNDERSTOOD)),
        ("I need a coat under 200", ("Wants Coat.", REST_NOT_UNDERSTOOD)),
        ("No black, no jeans with holes", ("Wants nothing in Black.", REST_NOT_UNDERSTOOD)),
        ("Something in navy", ("Would like Navy: no rule looks for wanted colours, so choose by hand.",)),
        ("My sister marries in June.", ()),
    ],
)
def test_what_was_half_read_says_so(note: str, said: tuple[str, ...]) -> None:
    assert parse_note(note, KINDS, SHADES).said == said


def test_of_two_names_of_one_place_the_longer_is_meant() -> None:
    assert parse_note("no light blue", [], ["Blue", "Light blue"]).fields.exclude_colours == ("Light blue",)


PARTS = "no black jeans and , . need please under over nothing 90 1,000,000 don't want each but a coat max 9999999 in"
PHRASES = st.lists(st.sampled_from(PARTS.split())).map(" ".join)


@given(st.text(max_size=2_000) | PHRASES)
def test_any_text_is_read_without_harm(note: str) -> None:
    read = parse_note(note, KINDS, SHADES)
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
    both = merge_note(wish, noted)
    assert both.must_have == ("Coat", "Jeans")
    assert both.exclude_categories == ("Shoes",)
    assert (both.budget, both.item_cap) == (Decimal(100), Decimal(9))
    assert merge_note(wish, {}) == wish
    assert FixWish.model_validate(both.model_dump()) == both, "still a wish that could have been stated"
