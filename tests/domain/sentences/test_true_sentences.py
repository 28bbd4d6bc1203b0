"""A sentence passes only when approved sentences make it of the facts that it cites."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agents.languages import LANGUAGES, load_grammar
from agents.template_writer import compose_draft
from domain.facts import CODES, History, HistoryItem, state_facts
from domain.grounding import find_message_faults
from domain.sentences.checking import SentenceChecker, find_ungrounded
from domain.sentences.grammar import Choice, FactSlot, NamedPart, Node, Run
from domain.wording import fold
from models.base import utc
from models.mail import BriefItem, CitedSentence, Fact
from models.states import TouchKind
from tests.agents.briefs import COAT_DRAFT as DRAFT
from tests.agents.briefs import NOW
from tests.agents.briefs import build_grounded_brief as brief

HISTORY = History(
    signed_up_at=utc(2025, 1, 2),
    sizes=("M",),
    quiz_colours=("navy", "grey"),
    orders=3,
    last_order_at=utc(2026, 3, 3),
    last_item=HistoryItem(title="Linen Shirt", colour="navy", at=utc(2026, 3, 3)),
    wished=HistoryItem(title="Suede Loafers", colour="tan", at=utc(2026, 9, 4)),
)
BRIEF = brief(facts=state_facts(HISTORY, NOW))
EVERYTHING = tuple(fact.code for fact in BRIEF.facts) + tuple(f"item:i-{n}" for n in (1, 2, 3))


def check(text: str, where: str = "paragraphs[0]", facts: tuple[str, ...] = EVERYTHING[:3], language: str = "en"):
    """The faults of one sentence."""
    checker = SentenceChecker(BRIEF, load_grammar(language))
    sentence = CitedSentence.model_construct(where=where, text=text, facts=facts)
    return list(checker.check([sentence], DRAFT, cited=bool(facts)))


def passes(text: str, where: str = "paragraphs[0]") -> bool:
    return check(text, where, EVERYTHING) == []


@pytest.mark.parametrize(
    "text",
    [
        "The wool coat is charcoal.",
        "The silk scarf in rust goes well with the coat.",
        "Your last order, on 3 March, included the Linen Shirt in navy.",
        "You ordered the linen shirt in March.",
        "The coat goes with your linen shirt, and the scarf sits well beside it.",
        "You have ordered from us three times.",
        "We chose these pieces with navy and grey in mind.",
        "We kept that in mind.",
    ],
)
def test_what_the_facts_say_passes(text: str) -> None:
    assert check(text, facts=EVERYTHING) == []


@pytest.mark.parametrize(
    "text",
    [
        "The scarf is wool.",
        "The scarf is charcoal.",
        "Your scarf is silk.",
        "The scarf goes well with the coat in rust.",
        "The coat is not charcoal.",
        "You kept the linen shirt.",
        "You ordered the suede loafers.",
        "You have ordered from us four times.",
        "You ordered the linen shirt on 4 March.",
        "You wear the coat in size M.",
        "The coat is navy.",
        "We chose the coat because you ordered the linen shirt.",
        "The coat is charcoal, so the scarf is rust.",
        "You have not ordered the linen shirt.",
        "The coat and the scarf are silk.",
        "Thank you for coming back.",
    ],
)
def test_known_words_put_together_to_something_untrue_do_not(text: str) -> None:
    assert not passes(text)
    assert not passes(text, "items[0].text")


HOSTILE = tomllib.loads((Path(__file__).parent / "hostile_lines.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_a_hostile_model_wrote_does_not_pass(kind: str) -> None:
    places = ("subject", "preheader", "paragraphs[0]", "items[0].text", "items[1].text", "call_to_action")
    assert len(HOSTILE[kind]) >= 3
    assert [(text, where) for text in HOSTILE[kind] for where in places if passes(text, where)] == []


def test_a_faux_leather_jacket_is_a_jacket_and_no_leather_jacket() -> None:
    jacket = BriefItem(item_id="i-9", title="Faux Leather Jacket", category="jackets", brand="", colour="black")
    checker = SentenceChecker(brief(items=(jacket,)), load_grammar("en"))

    def says(text: str) -> bool:
        return not list(checker.check([CitedSentence(where="paragraphs[0]", text=text)], DRAFT, cited=False))

    assert says("The jacket is black.")
    assert says("The faux leather jacket is black.")
    assert not says("The leather jacket is black.")
    assert not says("The jacket is leather.")


def test_a_pronoun_means_the_item_of_the_card() -> None:
    assert passes("It is charcoal and easy to wear.", "items[0].text")
    assert not passes("It is charcoal and easy to wear.", "items[1].text")
    assert not passes("It is charcoal and easy to wear.")
    assert not passes("The coat is charcoal.", "items[1].text"), "words about another item"


@pytest.mark.parametrize("text", ["In charcoal.", "The coat, for you.", "A charcoal coat."])
def test_what_stands_alone_on_a_card_is_said_of_its_item(text: str) -> None:
    assert passes(text, "items[0].text")
    assert passes(text, "subject")
    assert not passes(text, "items[1].text")


def test_a_fact_that_is_not_cited_is_named() -> None:
    (fault,) = check("The wool coat is charcoal.", facts=("last_item",))
    assert (fault.code, "item:i-1" in fault.what) == ("uncited", True)
    (fault,) = check("The wool coat is charcoal.", facts=("item:i-1", "birthday"))
    assert fault.code == "fact_unknown"


def test_a_fault_names_the_word_and_a_way_to_say_it() -> None:
    (fault,) = check("The coat is cosy.", facts=("item:i-1",))
    assert "cosy" in fault.what
    assert "The Wool Coat, chosen for you." in fault.what


def test_the_sentences_of_a_draft_are_its_text() -> None:
    draft = DRAFT.model_copy(
        update={"sentences": (CitedSentence(where="subject", text="A selection for you"),), "greeting": "Hello Bea,"}
    )
    codes = {fault.code for fault in find_ungrounded(draft, BRIEF, load_grammar("en"))}
    assert {"sentences", "greeting"} <= codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_that_is_offered_passes(language: str) -> None:
    grammar = load_grammar(language)
    days = {"day": BRIEF.facts[0].day, "dated": True}
    facts = tuple(
        Fact(code=code, text="x", piece="Harrow 7", words=("Ab", "Cd"), count=3, **days)
        for code in grammar.ways
        if code in CODES
    )
    checker = SentenceChecker(BRIEF.model_copy(update={"facts": facts}), grammar)
    offered = [(way, "paragraphs[0]") for fact in facts for way in checker.list_ways(fact.code)]
    offered += [(way, "paragraphs[0]") for way in checker.list_ways("item:i-1")]
    offered += [
        (way, "paragraphs[0]") for name in ("paragraph", "subject", "preheader") for way in checker.list_openers(name)
    ]
    offered += [(way, "call_to_action") for way in checker.list_openers("call_to_action")]
    said = [CitedSentence(where=where, text=text) for text, where in offered]
    assert len(said) >= 14
    wrong = [s.text for s in said if list(checker.check([s], DRAFT, cited=False))]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_rule_gives_an_attribute_to_no_item(language: str) -> None:
    """Beside ANY, TONE or nothing, a colour or a maker would be said of whatever the sentence is about."""
    grammar = load_grammar(language)
    named: dict[str, set[frozenset[str]]] = {}

    def list_slots(node: Node) -> set[frozenset[str]]:
        if isinstance(node, NamedPart):
            return named.get(node.name) or named.setdefault(node.name, list_slots(grammar.parts[node.name]))
        if isinstance(node, Choice):
            return set().union(*(list_slots(child) for child in node.nodes))
        held = {frozenset([node.name])} if isinstance(node, FactSlot) else {frozenset[str]()}
        for child in node.nodes if isinstance(node, Run) else ():
            held = {one | other for one in held for other in list_slots(child)}
        return held

    attributes, items = {"COLOUR", "BRAND", "MATERIAL", "FIT"}, {"ITEM", "PRONOUN", "THIS"}
    slots = [(rule, slots) for rule in grammar.rules for slots in list_slots(rule.node)]
    wrong = {rule for rule, names in slots if names & attributes and not names & items}
    assert wrong == set()


FORBIDDEN = {
    "en": (
        "one two three four five six seven eight nine ten twenty hundred thousand dozen half double price "
        "cost cheap money dollar euro free sale discount offer gift save monday sunday june today tomorrow "
        "tonight hour week body skin health slim pregnant cure god pray delivery shipping postage pay card "
        "refund guarantee promise hurry last-chance limited sold call text phone address click link website "
        "www com score risk segment prompt model instruction not never no none because prada beatrice paris "
    ),
    "de": (
        "zwei drei vier fünf hundert preis kosten billig geld euro gratis rabatt angebot montag sonntag juni "
        "heute morgen stunde woche körper haut gesundheit gott lieferung versand porto zahlen karte garantie "
        "versprechen anrufen adresse link webseite nie kein weil "
    ),
    "fr": (
        "deux trois quatre cinq cent prix coût argent euro gratuit solde offre cadeau lundi dimanche juin "
        "aujourd demain heure semaine corps peau santé dieu livraison payer carte garantie promesse appelez "
        "adresse lien site jamais aucun parce "
    ),
    "es": (
        "dos tres cuatro cinco cien precio coste dinero euro gratis rebaja oferta regalo lunes domingo junio "
        "hoy mañana hora semana cuerpo piel salud dios envío pagar tarjeta garantía promesa llame dirección "
        "enlace web nunca ningún porque "
    ),
    "ar": (
        "اثنان ثلاثة أربعة خمسة مئة سعر ثمن مال يورو مجانا خصم عرض هدية الاثنين الأحد يونيو اليوم غدا ساعة "
        "أسبوع جسم صحة توصيل شحن دفع بطاقة ضمان وعد اتصل عنوان رابط موقع لأن "
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lexicon_holds_no_word_of_a_claim(language: str) -> None:

    words = load_grammar(language).words
    assert {word for word in FORBIDDEN[language].split() if fold(word) in words} == set()
    assert not any(c.isdigit() for word in words for c in word)


MESSAGES = (
    "Take 20% off all knitwear until Sunday with code SAVE20.",
    "Up to 50% off. FREE delivery over 75 USD!!",
    "Take $10 off your next order.",
    "Our sale is on. Use XMAS26 at checkout. Ends 24.12.2026 at midnight.",
    "The linen collection has arrived.",
    "See it at www.shop.example now.",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_that_is_taken_stands_in_the_mail_and_another_is_refused_with_the_words(message: str) -> None:
    if faults := find_message_faults(message):
        assert "\u201c" in faults[0]
        assert ";" in faults[0], "a way to say it"
        return
    draft = compose_draft(brief(kind=TouchKind.CAMPAIGN, message=message))
    assert " ".join(draft.paragraphs).startswith(message)


def test_which_messages_are_taken() -> None:
    assert [bool(find_message_faults(message)) for message in MESSAGES] == [True, True, True, True, False, True]


@pytest.mark.parametrize("kind", TouchKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_claims_nothing_passes_without_facts_whatever_the_mail_knows(language: str, kind: TouchKind) -> None:
    piece = HistoryItem(title="Linen Shirt", category="shirts", colour="navy", at=utc(2026, 3, 3))
    history = History(
        signed_up_at=utc(2024, 1, 2),
        orders=12,
        last_order_at=piece.at,
        last_item=piece,
        kept=piece,
        wished=piece,
        viewed=piece,
        quiz_styles=("classic", "relaxed"),
        quiz_colours=("navy", "rust"),
        favourite_category="dresses",
        sizes=("M",),
    )
    told = BRIEF.model_copy(
        update={"facts": state_facts(history, NOW), "kind": kind, "season": "winter", "message": ""}
    )
    checker = SentenceChecker(told, load_grammar(language))
    places = {place: place for place in ("subject", "preheader", "call_to_action")} | {"paragraph": "paragraphs[0]"}
    offered = [(way, where) for place, where in places.items() for way in checker.list_openers(place)]
    assert len(offered) >= 8
    said = [CitedSentence(where=where, text=text) for text, where in offered]
    assert [one.text for one in said if list(checker.check([one], DRAFT, cited=True))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_orders_beyond_the_words_for_counts_are_said_in_figures(language: str) -> None:
    fact = Fact(code="orders_count", text="x", count=12)
    checker = SentenceChecker(BRIEF.model_copy(update={"facts": (fact,)}), load_grammar(language))
    (said,) = checker.list_ways("orders_count")
    times = {"en": "12 times", "de": "12 Mal", "fr": "12 fois", "es": "12 veces", "ar": "12 مرة"}
    assert times[language] in said
    sentence = CitedSentence(where="paragraphs[0]", text=said, facts=("orders_count",))
    assert list(checker.check([sentence], DRAFT, cited=True)) == []
