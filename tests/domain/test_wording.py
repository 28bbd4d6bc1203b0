"""Words of others, made fit for a sentence of ours."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.text_rules import clean_quote, clean_title, find_unsafe_text
from domain.wording import add_article, clean_name, clean_phrase, fold, fold_words, format_sentence, join_words


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        ("<b>J.CREW™ LINEN SHIRT</b>!!", "J. Crew Linen Shirt"),
        ("J.Crew LINEN Shirt", "J. Crew LINEN Shirt"),
        ("Levi's 501 Jeans", "Levi's 501 Jeans"),
        ("A.P.C. Jeans", "A.P.C. Jeans"),
        ("T-SHIRT IN NAVY", "T-Shirt IN Navy"),
        ("Shirt (navy)", "Shirt (navy)"),
        ("Shirt (navy", "Shirt navy"),
        ("Tee | {{ sale }}", "Tee sale"),
        ("\u202eTee\u200b", "Tee"),
        ("Платье", "Платье"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_what_of_a_title_may_be_said(given_text, said) -> None:
    assert clean_phrase(given_text) == said


def test_a_long_title_is_cut_at_a_word() -> None:
    assert clean_phrase("Wide leg trousers " * 20) == ("Wide leg trousers " * 4 + "Wide leg").strip()
    assert clean_phrase("x" * 200) == "x" * 80


@pytest.mark.parametrize(
    "title",
    [
        "Visit www.evil.com",
        "evil dot com",
        "£20 tee",
        "mail a@b.example",
        "best.shop Tee",
        "Call 020 7946 0958 now",
        "Free",
    ],
)
def test_a_title_with_a_link_price_or_the_like_is_not_quoted(title) -> None:
    assert clean_quote(title) == ""


def test_a_title_of_several_words_keeps_its_own_claims() -> None:
    assert clean_quote("100% Cotton Tee") == ""
    assert clean_title("100% Cotton Tee") == "100% Cotton Tee"
    assert clean_title("Free People") == "Free People"


@given(st.text(max_size=120))
@example("0ำ")  # a letter that comes apart into a mark and a letter
@settings(max_examples=500, deadline=None)
def test_what_is_quoted_is_safe(text) -> None:
    cleaned = clean_title(text)
    assert len(cleaned) <= 80
    assert not any(find_unsafe_text(cleaned, fold_words([cleaned])))


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("Ana", "Ana"), ("ana", "Ana"), ("ANA", "Ana"), ("Ana María", "Ana María"), ("O'Neil", "O'Neil"),
        ("Олена", "Олена"), ("Mary-Ann", "Mary-Ann"), ("J. P.", "J. P."), ("李", "李"), ("", ""), ("x1", ""),
        ("<b>Bob</b>", ""), ("evil.com", ""), ("{{name}}", ""), ("Ana\nBcc", "AnaBcc"), ("a" * 41, ""),
    ],
)  # fmt: skip
def test_a_name_that_can_be_spoken(given_name, name) -> None:
    assert clean_name(given_name) == name


def test_small_grammar() -> None:
    assert add_article("Linen Shirt") == "the Linen Shirt"
    assert add_article("The Row Coat") == "the Row Coat"
    assert [join_words([]), join_words(["a"]), join_words(["a", "b"]), join_words(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert format_sentence("close to your taste") == "Close to your taste."
    assert format_sentence("") == ""


def test_comparison_passes_over_case_accents_and_typography() -> None:
    assert fold("  Él ‘dit’ —  “ＮＯ” ") == "el 'dit' - \"no\""
