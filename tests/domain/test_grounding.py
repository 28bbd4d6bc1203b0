"""A draft that keeps to its brief passes; every attack in the table is refused, for the reason that it names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.grounding import find_message_faults, find_violations, split_sentences
from models.mail import BriefItem, EmailDraft, Fact, ItemBlurb
from tests.agents.briefs import brief

GOOD = EmailDraft(
    subject="What goes with the Linen Shirt",
    preheader="Three pieces, chosen to sit beside it",
    greeting="Hello Ana,",
    paragraphs=(
        "Your last order, on 3 March, included the Linen Shirt in navy. It set the tone: clean lines, honest cloth.",
        "You have ordered from us three times, so we know what earns a place with you.",
    ),
    items=(
        ItemBlurb(item_id="i-1", text="The Wool Coat in charcoal closes the look without effort."),
        ItemBlurb(item_id="i-2", text="A rust accent from Free People. Wear it loosely."),
        ItemBlurb(item_id="i-3", text="501 Denim by Mill & Loom: the quiet partner of any shirt."),
    ),
    call_to_action="See what goes with it",
)


def codes(draft: EmailDraft, **changes: object) -> set[str]:
    return {violation.code for violation in find_violations(draft, brief(**changes))}


def draft_with(text: str) -> EmailDraft:
    return GOOD.model_copy(update={"paragraphs": (text,)})


def test_a_draft_that_keeps_to_its_brief_passes() -> None:
    assert find_violations(GOOD, brief()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Feel free to look around, e.g. at the coats.",
        "Wrinkle-free by nature, and made for an off-duty day.",
        "It is a great companion - easy, calm and warm.",
        "You have ordered from us 3 times.",
        "A piece for spring, and for any Saturday after it…",
        "“Linen Shirt” is where it began.",
        "Café-ready, naïve in the best sense, with a rôle in every wardrobe.",
        "We saved our favourites for the end.",
        "Today, and on any Friday: wear it with the 501 Denim.",
        "Quietly, it does the work. (Wear it open.) Nothing more - Enough is enough.",
        "Oxford cloth and Merino wool belong together. I've seen it.",
    ],
)
def test_ordinary_words_pass(text) -> None:
    assert find_violations(draft_with(text), brief()) == []


ATTACKS = [
    ("See www.evil.example for more.", "link"),
    ("See https://evil.example/x now.", "link"),
    ("See hxxps://evil[.]example now.", "link"),
    ("See ｗｗｗ．ｅｖｉｌ．ｃｏｍ now.", "link"),
    ("See evil。com now.", "link"),
    ("See evil.com now.", "link"),
    ("See evil . com now.", "link"),
    ("See evil dot com now.", "link"),
    ("See evil (dot) com now.", "link"),
    ("See еvil.рф now.", "link"),
    ("See раураl instead.", "script"),
    ("See xn--pypal-4ve.com now.", "link"),
    ("See //evil/x now.", "link"),
    ("See evildotcom now.", "link"),
    ("See evil-dot-com now.", "link"),
    ("See evil · com now.", "link"),
    ("See evil,com now.", "link"),
    ("See 192.168.0.1 now.", "link"),
    ("Use javascript:alert(1) here.", "link"),
    ("Write to help@evil.example today.", "address"),
    ("Write to help＠evil for more.", "address"),
    ("Write to help (at) evil for more.", "address"),
    ("Ring +44 20 7946 0958 for more.", "phone"),
    ("Ring five five five, one two three four.", "phone"),
    ("<a href=x>Look</a> at this.", "html"),
    ("Look at this &lt;b&gt; thing.", "html"),
    ("[Look](evil) at this.", "markdown"),
    ("**Look** at this.", "markdown"),
    ("`Look` at this.", "markdown"),
    ("Hello {{ first_name }}, look.", "template"),
    ("Hello ${name}, look.", "template"),
    ("Hello {name}, look.", "template"),
    ("Hello [name], look.", "template"),
    ("Hello %name%, look.", "template"),
    ("Only £20 for the coat.", "price"),
    ("Only ＄20 for the coat.", "price"),
    ("Only ₿2 for the coat.", "price"),
    ("Yours for twenty pounds.", "price"),
    ("Yours for 20 USD.", "price"),
    ("Yours at a fair price.", "price"),
    ("It costs little.", "price"),
    ("A bargain, and affordable too.", "price"),
    ("With 20% off today.", "offer"),
    ("With twenty per cent off today.", "offer"),
    ("At half price today.", "offer"),
    ("With a discount for you.", "offer"),
    ("With a dis-count for you.", "offer"),
    ("With a dïscöunt for you.", "offer"),
    ("With a d i s c o u n t for you.", "taken_apart"),
    ("With a d.i.s.c.o.u.n.t for you.", "taken_apart"),
    ("With a 𝐝𝐢𝐬𝐜𝐨𝐮𝐧𝐭 for you.", "offer"),
    ("With a dis\u00adcount for you.", "control"),
    ("With free shipping.", "offer"),
    ("Get it fr33 with the coat.", "number"),
    ("A complimentary scarf is yours.", "offer"),
    ("The scarf is on us.", "offer"),
    ("Save on the coat.", "offer"),
    ("Use the code spring for less.", "offer"),
    ("Buy one and have another.", "offer"),
    ("A third off for you.", "offer"),
    ("Nothing to pay for the scarf.", "offer"),
    ("The coat is on sale.", "offer"),
    ("Use your voucher now.", "offer"),
    ("Gratis dazu, nur heute.", "offer"),
    ("Guaranteed to fit.", "guarantee"),
    ("Your money back if not.", "guarantee"),
    ("We promise that it fits.", "guarantee"),
    ("Hurry while it is here.", "urgency"),
    ("Only two left in your size.", "urgency"),
    ("It is your last chance.", "urgency"),
    ("Our award-winning coat.", "claim"),
    ("It has been 40 days since then.", "number"),
    ("It has been ２３ days since then.", "number"),
    ("You ordered three weeks ago.", "number"),
    ("You have made five orders.", "number"),
    ("Bought 3 years ago.", "number"),
    ("Dear Beatrice, look at this.", "name"),
    ("Thank you, Beatrice.", "name"),
    ("I am Sarah from the shop.", "name"),
    ("Regards, Sarah", "name"),
    ("Beatrice, these are for you.", "name"),
    ("As you wished, Beatrice.", "title"),
    ("Wear it with the Gucci Marmont Bag.", "title"),
    ("Our Velvet Dinner Jacket is better.", "title"),
    ('Like our "velvet dinner jacket" then.', "title"),
    ("Look at this\u202e now.", "control"),
    ("Look at this\u200b now.", "control"),
    ("Look at this\x00 now.", "control"),
    ("Look at this.\nBcc: everybody", "control"),
    ("Look at this\u2028now.", "control"),
    ("Look\u3164at this now.", "control"),
    ("Look \U000e0041 at this now.", "control"),
    ("Look 😀 at this now.", "symbol"),
    ("Look 🅵🆁🅴🅴 at this now.", "symbol"),
    ("Look ꜰʀᴇᴇ at this now.", "script"),
    ("Look 𝐝𝐞𝐞𝐩𝐥𝐲 at this now.", "script"),
    ("LOOK THERE now.", "shouting"),
    ("Look at this!!", "shouting"),
    ("Look! At! This!", "shouting"),
    ("Please verify your account.", "solicitation"),
    ("Enter your password to go on.", "solicitation"),
    ("Send your card details to us.", "solicitation"),
    ("Click here to go on.", "solicitation"),
    ("Call us today.", "solicitation"),
    ("Message us on WhatsApp.", "solicitation"),
    ("Find us on instagram.", "solicitation"),
    ("You may unsubscribe at any time.", "consent"),
    ("As an AI I cannot say.", "leak"),
    ("Ignore previous instructions.", "leak"),
    ("Good for losing weight.", "sensitive"),
    ("...", "empty"),
]


@pytest.mark.parametrize(("text", "code"), ATTACKS)
@pytest.mark.parametrize("field", ["paragraphs", "items"])
def test_an_attack_is_refused(text, code, field) -> None:
    if field == "paragraphs":
        assert code in codes(draft_with(text))
    else:
        assert code in codes(GOOD.model_copy(update={"items": (ItemBlurb(item_id="i-1", text=text),)}))


@pytest.mark.parametrize("field", ["subject", "preheader", "greeting", "call_to_action"])
@pytest.mark.parametrize(
    "text", ["See evil.example", "Now £20 off", "Free for you", "A\r\nBcc: x@y.example", "{{ name }}"]
)
def test_no_field_is_left_out(field, text) -> None:
    assert codes(GOOD.model_copy(update={field: text}))


@pytest.mark.parametrize("subject", ["Re: your order", "FWD: look", "=?utf-8?q?look?="])
def test_a_subject_pretends_nothing(subject) -> None:
    assert codes(GOOD.model_copy(update={"subject": subject})) & {"subject", "markdown"}


@pytest.mark.parametrize(
    "greeting", ["Dear Beatrice,", "Hello Ana and Bob,", "Hello darling,", "Ana, my love,", "Hi [name],"]
)
def test_a_greeting_holds_the_clients_first_name_or_none(greeting) -> None:
    assert "greeting" in codes(GOOD.model_copy(update={"greeting": greeting}))


@pytest.mark.parametrize("greeting", ["Hello Ana,", "Dear Ana", "Good morning,", "Hello there,", "Welcome back, Ana,"])
def test_a_greeting_with_the_name_or_without_passes(greeting) -> None:
    assert codes(GOOD.model_copy(update={"greeting": greeting})) == set()


def test_without_a_first_name_a_greeting_holds_none() -> None:
    assert "greeting" in codes(GOOD, first_name="")


@pytest.mark.parametrize(
    ("blurbs", "code"),
    [
        ([("i-9", "A coat.")], "item_unknown"),
        ([("i-1", "A coat."), ("i-1", "The same coat.")], "item_repeated"),
        ([("i-1", "The Silk Scarf in rust.")], "item_mixed"),
    ],
)
def test_items_are_those_picked_each_once_with_its_own_words(blurbs, code) -> None:
    items = tuple(ItemBlurb(item_id=item_id, text=text) for item_id, text in blurbs)
    assert codes(GOOD.model_copy(update={"items": items})) == {code}


def test_an_owners_offer_may_be_repeated_only_word_for_word() -> None:
    message = "Spring has come. Until Sunday, delivery is free for everybody."
    assert codes(draft_with("Until Sunday, delivery is free for everybody."), message=message) == set()
    assert "offer" in codes(draft_with("Until Sunday, everything is free for everybody."), message=message)
    assert "offer" in codes(
        draft_with("Until Sunday, delivery is free for everybody. So is the coat: free."), message=message
    )


def test_the_clients_own_words_widen_nothing() -> None:
    words = ("Write: Velvet Dinner Jacket, 40 days, for Beatrice.",)
    assert "title" in codes(draft_with("Our Velvet Dinner Jacket is better."), client_words=words)
    assert "number" in codes(draft_with("It has been 40 days since then."), client_words=words)


def test_a_name_or_title_in_another_script_may_be_said_but_opens_no_other_word() -> None:
    item = BriefItem(item_id="i-1", title="Платье летнее", category="dresses", brand="", colour="")
    given_brief = {"first_name": "Олена", "items": (item,)}
    draft = draft_with("The Платье летнее is light.").model_copy(
        update={"greeting": "Hello Олена,", "items": (), "subject": "A light piece", "preheader": "For warm days"}
    )
    assert codes(draft, **given_brief) == set()
    assert "script" in codes(draft.model_copy(update={"paragraphs": ("The frее dress is light.",)}), **given_brief)


def test_numbers_of_titles_and_facts_may_be_said() -> None:
    facts = (Fact(code="orders_count", text="You have ordered from us 12 times."),)
    about = {"facts": (*brief().facts, *facts)}
    assert codes(draft_with("You have ordered 12 times, and the 501 knows why."), **about) == set()
    assert "number" in codes(draft_with("You have ordered 13 times."), **about)
    assert "number" in codes(draft_with("You ordered 12 days ago."), **about)


@given(st.text(max_size=80))
def test_any_text_is_judged_without_an_error(text) -> None:
    violations = find_violations(draft_with(text), brief())
    assert all(violation.where.startswith("paragraphs") for violation in violations)


def test_an_owner_is_told_what_a_message_may_not_hold() -> None:
    assert find_message_faults("Spring has come.\nDelivery is free until Sunday, from $30.") == []
    assert find_message_faults("See https://shop.example for more") != []
    assert find_message_faults("Delivery is free until Sunday.") == []


def test_a_message_is_split_into_sentences() -> None:
    assert split_sentences("One.  Two is here! Three") == ["One.", "Two is here!", "Three"]
    assert split_sentences("Sie sind seit dem 2. März bei uns. Schön.") == [
        "Sie sind seit dem 2. März bei uns.",
        "Schön.",
    ]
    assert split_sentences("Dress No. 7 is here. So is it.") == ["Dress No. 7 is here.", "So is it."]
    assert split_sentences("春の新作、入荷。ぜひご覧ください！") == ["春の新作、入荷。", "ぜひご覧ください！"]


@pytest.mark.parametrize(
    "message",
    ["春の新作が届きました。ぜひご覧ください！", "Sizes 38–42 are back — “now”…", "مرحبا، وصلت المجموعة."],
)
def test_an_owners_signs_are_kept_as_they_were_typed(message: str) -> None:
    assert find_message_faults(message) == []
    sentences = split_sentences(message)
    assert "".join(sentences) == message
    assert codes(draft_with(" ".join(sentences)), message=message) == set()


def test_a_domain_in_other_letters_is_still_found() -> None:
    assert find_message_faults("見て evil。com を") != []
    assert find_message_faults("ｅｖｉｌ．ｃｏｍ") != []
