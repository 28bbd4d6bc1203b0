"""The words of filters: each field and happening with its meaning and an example, for docs, help and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from models.segment_words import CampaignPlace, ChoiceField, FlagField, Happened, MomentField, NumberField

ATTRIBUTE: Final = "attr."
"""Custom attributes are fields under this prefix."""


class Word(NamedTuple):
    """A word of the text form: its kind, what it means, an example, how a sentence says it, and how it says the
    opposite."""

    kind: str
    meaning: str
    example: str
    said: str
    denied: str = ""


def _choice(meaning: str, example: str, said: str) -> Word:
    return Word("choice", meaning, example, said)


FIELDS: Final[Mapping[str, Word]] = {
    ChoiceField.PHASE: _choice("phase of the relation, as last assessed", "phase = at_risk", "whose phase is"),
    ChoiceField.BAND: _choice("range of the engagement score", "band in (cooling, at_risk)", "whose band is"),
    ChoiceField.LANGUAGE: _choice("language, without the region", "language = en", "whose language is"),
    ChoiceField.COUNTRY: _choice(
        "country that the shop states, else the region of the locale", "country = GB", "whose country is"
    ),
    ChoiceField.COHORT: _choice("month of signing up, in UTC", "cohort = 2026-03", "who signed up in the month"),
    ChoiceField.TAG: _choice("carries the tag", "tag = vip", "with the tag"),
    ChoiceField.SIZE: _choice("wears the size, as the client's row states it", "size in (M, L)", "with the size"),
    ChoiceField.STYLE: _choice("named the style in the quiz", "style = classic", "with the style"),
    NumberField.SCORE: Word("number", "engagement score, 0 to 100, as last assessed", "score < 40", "whose score is"),
    NumberField.RISK: Word(
        "number", "chance of having left, 0 to 1, where the risk algorithm said it", "risk >= 0.5", "whose risk is"
    ),
    NumberField.ORDERS: Word(
        "number", "orders so far, less those that came back whole", "orders >= 3", "whose number of orders is"
    ),
    NumberField.VALUE: Word(
        "number", "value of all orders, less what came back", "value > 500", "whose orders are worth"
    ),
    NumberField.AVERAGE_ORDER: Word(
        "number", "value of an order on average", "average_order >= 80", "whose average order is"
    ),
    MomentField.SIGNED_UP: Word("moment", "when the client signed up", "signed_up in 30 days", "who signed up"),
    MomentField.FIRST_ORDER: Word(
        "moment", "first order", "first_order since 2026-01-01", "whose first order was placed"
    ),
    MomentField.LAST_ORDER: Word(
        "moment", "latest order", "last_order before 90 days ago", "whose last order was placed"
    ),
    MomentField.LAST_EVENT: Word("moment", "latest event that counts", "last_event in 7 days", "who were last seen"),
    MomentField.PHASE_SINCE: Word(
        "moment", "since when the phase holds", "phase_since in 2 weeks", "whose phase began"
    ),
    FlagField.CONSENT: Word(
        "flag", "may be mailed, by their own word and their mailbox's", "consent", "who agreed to mail"
    ),
    FlagField.PERSONALISATION: Word(
        "flag", "has not refused personalisation", "personalisation", "who have not refused personalisation"
    ),
    FlagField.MEASUREMENT: Word("flag", "agreed to measurement", "not measurement", "who agreed to measurement"),
}

HAPPENINGS: Final[Mapping[Happened, Word]] = {
    Happened.ORDERED: Word(
        "item", "placed an order", 'ordered("knitwear") at least 2 times in 365 days', "ordered", "did not order"
    ),
    Happened.RETURNED: Word(
        "item", "sent something of an order back", "returned in 60 days", "returned something", "returned nothing"
    ),
    Happened.VIEWED: Word("item", "looked at an item", 'viewed("coats") in 7 days', "viewed an item", "viewed no item"),
    Happened.CLICKED_ITEM: Word(
        "item", "clicked an item", "clicked_item in 7 days", "clicked an item", "clicked no item"
    ),
    Happened.CARTED: Word(
        "item",
        "put something into the cart",
        "carted in 4 hours and not ordered in 4 hours",
        "put something into the cart",
        "put nothing into the cart",
    ),
    Happened.SEARCHED: Word("", "searched the catalogue", "searched in 7 days", "searched", "did not search"),
    Happened.WISHLISTED: Word(
        "item", "put an item on the wishlist", "wishlisted(item = j1)", "wishlisted an item", "wishlisted no item"
    ),
    Happened.REQUESTED_FIX: Word(
        "", "asked for a Fix", "requested_fix in 90 days", "asked for a Fix", "asked for no Fix"
    ),
    Happened.KEPT: Word(
        "item", "kept a piece of a Fix", 'kept("knitwear")', "kept a piece of a Fix", "kept no piece of a Fix"
    ),
    Happened.SENT_BACK: Word(
        "item",
        "sent a piece of a Fix back",
        "sent_back at least 3 times",
        "sent a piece of a Fix back",
        "sent no piece of a Fix back",
    ),
    Happened.ANSWERED_QUIZ: Word(
        "", "answered the style quiz", "never answered_quiz", "answered the quiz", "did not answer the quiz"
    ),
    Happened.CHANGED_CONSENT: Word(
        "", "changed a consent", "changed_consent in 30 days", "changed a consent", "changed no consent"
    ),
    Happened.OPENED: Word(
        "mail", "opened a mail, not a machine for them", "not opened in 30 days", "opened a mail", "opened no mail"
    ),
    Happened.CLICKED: Word(
        "mail", "clicked in a mail, not a machine", 'clicked("spring")', "clicked in a mail", "clicked in no mail"
    ),
    Happened.COMPLAINED: Word(
        "", "called a mail spam", "never complained", "called a mail spam", "called no mail spam"
    ),
    Happened.UNSUBSCRIBED: Word(
        "", "unsubscribed", "unsubscribed since 2026-01-01", "unsubscribed", "did not unsubscribe"
    ),
    Happened.MAILED: Word(
        "mail", "was sent a mail", "mailed(kind = welcome) in 14 days", "were sent a mail", "were sent no mail"
    ),
    Happened.BOUNCED: Word(
        "mail", "a mail to them came back", "bounced in 90 days", "had a mail come back", "had no mail come back"
    ),
}

PLACES: Final[Mapping[CampaignPlace, Word]] = {
    CampaignPlace.IN: Word("campaign", "is in the campaign now", "in_campaign(spring)", "who are in the campaign"),
    CampaignPlace.WAS_IN: Word(
        "campaign", "was enrolled at any time, held out or not", "was_in_campaign(spring)", "who were in the campaign"
    ),
    CampaignPlace.HELD_OUT: Word(
        "campaign", "is in its holdout", "held_out(spring)", "who are held out of the campaign"
    ),
}

ARGUMENTS: Final[Mapping[str, str]] = {
    "category": "categories",
    "brand": "brands",
    "item": "items",
    "campaign": "campaigns",
    "kind": "kinds",
}
"""The names of arguments in the text form, and the fields of a Happening."""
EVERYONE: Final = "everyone"


def list_names() -> list[str]:
    """List all names that a condition may begin with; those of attributes are the shop's."""
    return [EVERYONE, *map(str, FIELDS), *map(str, HAPPENINGS), *map(str, PLACES)]


def find_nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word that is most like `word`; empty when none is."""
    names = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold()[:64], names, n=1, cutoff=0.5)
    return names[near[0]] if near else ""


def suggest(word: str, known: Iterable[str]) -> str:
    """Build the end of a refusal that names the nearest known word: `; did you mean vip?`. Empty without one."""
    nearest = find_nearest(word, known)
    return f"; did you mean {nearest}?" if nearest else ""
