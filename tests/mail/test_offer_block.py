"""The block of an offer: in every language, of every kind of terms, in both parts of a mail, whoever wrote the rest."""

from __future__ import annotations

import re
from datetime import date

import pytest

from agents.languages import LANGUAGES
from agents.template_writer import compose_draft
from mail.links import Links
from mail.offer_block import load_offer_copy, write_offer
from mail.render import Shop, render
from models.mail import Brief, BriefOffer
from models.states import Phase, TouchKind

LINKS = Links("a key", "https://s.shop.example", "https://shop.example", "shop.example", "bounce.shop.example")
SHOP = Shop("Atelier", "1 Yard", "EUR")
DAY = date(2026, 12, 6)
WHOLE = BriefOffer(slug="autumn", code="Autumn-20", percent=20, until=DAY, uses=1)
SCOPED = BriefOffer(slug="shirts", code="SHIRTS", amount_cents=1_050, scope=("shirts", "Linen Coat"), uses=3)
BARE = BriefOffer(slug="five", code="FIVE", amount_cents=500)


def build_mail(offer: BriefOffer | None, language: str) -> tuple[str, str]:
    brief = Brief(
        client_id="ann", n=1, kind=TouchKind.CAMPAIGN, phase=Phase.ACTIVE, assessment_id="a", score=1.0, first_name="",
        locale=language, shop_name="Atelier", voice="", offer=offer,
    )  # fmt: skip
    mail = render(compose_draft(brief), brief, {}, LINKS, SHOP)
    return mail.html, mail.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("offer", [WHOLE, SCOPED, BARE], ids=lambda offer: offer.slug)
def test_every_language_says_every_term_in_both_parts(language: str, offer: BriefOffer) -> None:
    html, text = build_mail(offer, language)
    block = write_offer(offer, "EUR", language)
    for part in (html, text):
        assert offer.code in part
        assert "{" not in re.sub(r"<style.*?</style>", "", part, flags=re.DOTALL)
        for said in (block.label, *block.terms):
            assert said in " ".join(part.split())
    assert " ".join(block.headline.split()) in " ".join(text.split())
    assert ("20" if offer.percent else "10" if offer.scope else "5") in block.given
    assert any("2026" in term for term in block.terms) is (offer.until is not None)
    assert all(any(name in term for term in block.terms) for name in offer.scope)


def test_no_offer_no_block() -> None:
    html, text = build_mail(None, "en")
    copy = load_offer_copy()["en"]
    assert copy["how"] not in html + text
    assert "rim" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("language", "headline", "terms"),
    [
        ("en", "20% off everything", ("Valid until and including 6 December 2026.", "It can be used once.")),
        (
            "de",
            "20\u00a0% Rabatt auf alles",
            ("Gültig bis einschließlich 6. Dezember 2026.", "Er ist einmal einlösbar."),
        ),
        ("ar", "خصم 20% على كل شيء", ("سارٍ حتى نهاية يوم 6 ديسمبر 2026.", "صالح للاستخدام مرة واحدة.")),
    ],
    ids=("en", "de", "ar"),
)
def test_money_percent_and_dates_are_written_as_the_language_does(
    language: str, headline: str, terms: tuple[str, ...]
) -> None:
    block = write_offer(WHOLE, "EUR", language)
    assert (block.headline, block.terms[:2]) == (headline, terms)


def test_uses_have_the_plural_of_their_language() -> None:
    said = [write_offer(WHOLE.model_copy(update={"uses": uses}), "EUR", "ar").terms[1] for uses in (2, 3, 11)]
    assert said == ["صالح للاستخدام مرتين.", "صالح للاستخدام حتى 3 مرات.", "صالح للاستخدام حتى 11 مرة."]
    assert write_offer(WHOLE.model_copy(update={"until": date(2026, 12, 1)}), "EUR", "fr").terms[0] == (
        "Valable jusqu’au 1er décembre 2026 inclus."
    )


def test_figure_and_code_keep_their_direction_in_a_mail_from_right_to_left() -> None:
    html, _ = build_mail(SCOPED, "ar")
    assert 'dir="rtl"' in html
    assert re.search(r'<bdi dir="ltr">\s*10[.,]50', html)
    assert '<bdi dir="ltr">SHIRTS</bdi>' in html


def test_all_languages_have_the_same_sentences() -> None:
    copy = load_offer_copy()
    assert set(copy) == set(LANGUAGES)
    assert len({tuple(sorted(lines)) for lines in copy.values()}) == 1
