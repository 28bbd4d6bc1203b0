"""What a client is told of wishes that their box does not meet: each reason, in five languages, in their own words."""

from __future__ import annotations

import pytest

from domain.fixes.unmet import UNMET_REASONS
from domain.fixes.unmet_sentences import FEWER, MARKS, OPENINGS, WHYS, tell_unmet
from models.fix_views import UnmetWish

LANGUAGES = ("en", "de", "fr", "es", "ar")


def unmet(code: str = "out_of_stock", **fields: str) -> UnmetWish:
    known = {"key": "category:shoes", "name": "shoes", "code": code, "why": "", "quote": "flache Schuhe"}
    return UnmetWish.model_validate(known | fields)


def test_every_reason_has_a_sentence_of_its_own_in_each_language() -> None:
    assert {*OPENINGS} == {*FEWER} == {*MARKS} == {*WHYS} == {*LANGUAGES}
    for sentences in WHYS.values():
        assert {*sentences} == {*UNMET_REASONS}
        assert len({*sentences.values()}) == len(UNMET_REASONS)


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en-GB", "Not in your box: “flache Schuhe”. It is sold out in your size."),
        ("de_AT", "Nicht in der Box: „flache Schuhe“. In deiner Größe ist das ausverkauft."),
        ("fr", "Pas dans la box : « flache Schuhe ». C'est épuisé dans votre taille."),
        ("es-MX", "No está en la caja: «flache Schuhe». Está agotado en tu talla."),
        ("ar", "ليس في الصندوق: «flache Schuhe». نفد بمقاسك."),
        ("nl", "Not in your box: “flache Schuhe”. It is sold out in your size."),
        ("", "Not in your box: “flache Schuhe”. It is sold out in your size."),
    ],
)
def test_a_wish_is_told_in_the_client_s_language_and_words(locale: str, told: str) -> None:
    assert tell_unmet(unmet(), locale) == told


def test_of_several_that_would_each_have_been_enough_all_are_told() -> None:
    assert "“silk”, “linen” or “cotton”." in tell_unmet(unmet(quote="silk; linen; cotton; linen"), "en")


@pytest.mark.parametrize("quote", ["", "see http://evil.example", "FREE 90% off"])
def test_what_may_not_be_quoted_is_told_by_its_name(quote: str) -> None:
    assert tell_unmet(unmet(quote=quote), "en") == "Not in your box: shoes. It is sold out in your size."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_box_says_so_and_names_no_wish(language: str) -> None:
    told = tell_unmet(unmet("no_money", key="slots", name="5 pieces", quote=""), language)
    assert told.endswith(WHYS[language]["no_money"])
    assert "5 pieces" not in told
    assert "{" not in told
