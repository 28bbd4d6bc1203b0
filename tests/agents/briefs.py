"""Briefs for tests: a usual one, and a strategy for all that a shop and its clients could put into one."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from domain.facts import History, HistoryItem, state_facts
from models.base import utc
from models.mail import Autonomy, Brief, BriefItem, EmailDraft, Fact, ItemBlurb
from models.states import Phase, TouchKind

NOW = utc(2026, 11, 21, 12)


def brief(**changes: object) -> Brief:
    """A usual brief of a client with a history."""
    usual = Brief(
        client_id="c-17",
        n=3,
        kind=TouchKind.MISSED,
        phase=Phase.AT_RISK,
        assessment_id="a-1",
        score=17.5,
        first_name="Ana",
        locale="en",
        shop_name="Selvedge & Co",
        voice="Confident, concise and warm.",
        facts=(
            Fact(
                code="last_item",
                text="Your last order, on 3 March, included the Linen Shirt in navy.",
                piece="Linen Shirt",
                colour="navy",
                day=date(2026, 3, 3),
            ),
            Fact(code="orders_count", text="You have ordered from us three times.", count=3),
            Fact(code="signed_up", text="You joined us on 2 January 2025.", day=date(2025, 1, 2), dated=True),
        ),
        items=(
            BriefItem(item_id="i-1", title="Wool Coat", category="coats", brand="Harrow", colour="charcoal"),
            BriefItem(item_id="i-2", title="Silk Scarf", category="scarves", brand="Free People", colour="rust"),
            BriefItem(item_id="i-3", title="501 Denim", category="jeans", brand="Mill & Loom", colour="indigo"),
        ),
    )
    return usual.model_copy(update=changes)


def build_grounded_brief(**changes: object) -> Brief:
    """The same for a writer whose sentences must rest on facts."""
    return brief(**{"autonomy": Autonomy.GROUNDED, **changes})


NASTY = (
    "www.evil.com", "https://evil.example/x", "ｗｗｗ．evil．com", "evil dot com", "hxxp://a", "<b>LINEN</b>",
    "{{ 7*7 }}", "[click](http://x)", "50% OFF!!!", "£20 only", "Free Delivery", "a@b.example", "+44 20 7946 0958",
    "\u202egnp", "\u200b", "De\u00adal", "LINEN SHIRT", "J.Crew", "Платье летнее", "日本のドレス", "ﬁne",
    "100% Cotton Tee", "Shirt (navy", "The Row", "A", "", "   ", "!!!", "Dear Bob", "O'Neil", "${x}", "%(a)s",
    "&lt;a&gt;", "Tee | Sale", "😀 Dress", "ᴡᴡᴡ", "ñandú", "line\nbreak", "x" * 200, "Hello Beatrice", "12 days",
    "My name is Eve", "twenty weeks", '"Quoted" Tee', "Re: you",
)  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=60), st.from_regex(r"[A-Za-z' .,&-]{1,30}", fullmatch=True))
pieces = st.builds(HistoryItem, title=words, category=words, colour=words, at=st.just(NOW))
histories = st.builds(
    History,
    signed_up_at=st.just(utc(2025, 1, 2)),
    zone=st.sampled_from(["UTC", "Pacific/Auckland", "America/New_York"]),
    locale=st.sampled_from(["en", "en-US", "de"]),
    sizes=st.lists(words, max_size=4).map(tuple),
    quiz_styles=st.lists(words, max_size=4).map(tuple),
    quiz_colours=st.lists(words, max_size=4).map(tuple),
    orders=st.none() | st.integers(0, 400),
    last_order_at=st.none() | st.just(utc(2026, 3, 3)),
    last_item=st.none() | pieces,
    favourite_category=st.none() | words,
    kept=st.none() | pieces,
    wished=st.none() | pieces,
    viewed=st.none() | pieces,
    arrived=st.none() | words,
)
items = st.builds(
    BriefItem,
    item_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,11}", fullmatch=True),
    title=words,
    category=words,
    brand=words,
    colour=words,
    tags=st.lists(words, max_size=3).map(tuple),
    why=words,
)
briefs = st.builds(
    Brief,
    client_id=st.sampled_from(["c-1", "c-2", "c-3", "c-4"]),
    n=st.integers(1, 50),
    kind=st.sampled_from(TouchKind),
    phase=st.sampled_from(Phase),
    assessment_id=st.just("a"),
    score=st.just(10.0),
    first_name=words,
    locale=st.just("en"),
    shop_name=words | st.just("Selvedge & Co"),
    voice=words,
    message=st.lists(words, max_size=4).map(". ".join),
    facts=histories.map(lambda history: state_facts(history, NOW))
    | st.lists(st.builds(Fact, code=st.just("last_item"), text=words), max_size=3).map(tuple),
    items=st.lists(items, max_size=7, unique_by=lambda item: item.item_id).map(tuple),
)

COAT_DRAFT = EmailDraft(
    subject="A coat",
    preheader="For you",
    greeting="Hello Ana,",
    paragraphs=("A coat.",),
    items=(ItemBlurb(item_id="i-1", text="A coat."), ItemBlurb(item_id="i-2", text="A scarf.")),
    call_to_action="See it",
)
"""A mail of two items, for checks of one sentence in it."""
