"""What a mail states of an offer: its terms, with the categories and items that it is on by name."""

from __future__ import annotations

from sqlalchemy import Connection

from domain.offers import to_cents
from domain.text_rules import clean_title
from domain.wording import clean_phrase
from models.mail import BriefOffer
from models.offers import OfferSlug
from store.catalogue import catalogue
from store.offers import offers


def build_brief_offer(connection: Connection, slug: OfferSlug) -> BriefOffer:
    """Build what a mail states of an offer. Raises NotFound."""
    terms = offers.load_offer(connection, slug).terms
    items = catalogue.load_items(connection, terms.items)
    names = [
        *map(clean_phrase, terms.categories),
        *(clean_title(items[item].title) or items[item].category for item in terms.items if item in items),
    ]
    return BriefOffer(
        slug=slug,
        code=terms.code,
        percent=terms.percent,
        amount_cents=None if terms.amount is None else to_cents(terms),
        until=terms.until,
        scope=tuple(name for name in dict.fromkeys(names) if name),
        uses=terms.uses,
    )
