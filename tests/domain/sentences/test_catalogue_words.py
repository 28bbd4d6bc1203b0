"""Tags, colours and things in the mail's language are words of their own item, and of no other."""

from __future__ import annotations

import pytest

from agents.languages import LANGUAGES, load_grammar
from domain.facts import History, state_facts
from domain.sentences.catalogue_words import list_nouns, list_tags, translate
from domain.sentences.checking import SentenceChecker, build_greeting, find_ungrounded
from models.base import utc
from models.mail import BriefItem, CitedSentence, EmailDraft
from tests.agents.briefs import COAT_DRAFT as DRAFT
from tests.agents.briefs import NOW
from tests.agents.briefs import build_grounded_brief as brief

ITEMS = (
    BriefItem(item_id="i-1", title="Wool Coat", category="coats", brand="Harrow", colour="navy", tags=("hooded",)),
    BriefItem(item_id="i-2", title="Silk Scarf", category="scarves", brand="Loom", colour="rust", tags=("fringed",)),
)
BRIEF = brief(items=ITEMS)
SAYS = {
    "en": "The {noun} is {said}.",
    "de": "{noun} ist {said}.",
    "fr": "{noun} est {said}.",
    "es": "{noun} es {said}.",
    "ar": "{noun} {said}.",
}
PLACES = ("subject", "preheader", "paragraphs[0]", "items[0].text", "items[1].text")


def find_faults(text: str, where: str, language: str, told=BRIEF, draft: EmailDraft = DRAFT) -> list[str]:
    """The codes of what is wrong with one sentence that cites everything."""
    checker = SentenceChecker(told, load_grammar(language))
    facts = tuple(f"item:{item.item_id}" for item in told.items) + tuple(fact.code for fact in told.facts)[:3]
    sentence = CitedSentence(where=where, text=text, facts=facts)
    return [fault.code for fault in checker.check([sentence], draft, cited=True)]


def list_called(item: BriefItem, language: str) -> str:
    return (list_nouns(item.title, item.category, load_grammar(language)) or (item.title.split()[-1],))[0]


def list_said(item: BriefItem, language: str) -> tuple[str, ...]:
    grammar = load_grammar(language)
    return (*translate(item.colour, "colour", grammar), item.colour, *list_tags(item, grammar))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_colour_and_a_tag_are_said_of_their_own_item_alone(language: str) -> None:
    for own, other, card in ((ITEMS[0], ITEMS[1], 0), (ITEMS[1], ITEMS[0], 1)):
        noun = list_called(own, language)
        true = [SAYS[language].format(noun=noun, said=said) for said in list_said(own, language)]
        false = [SAYS[language].format(noun=noun, said=said) for said in list_said(other, language)]
        assert [text for text in true if find_faults(text, "paragraphs[0]", language)] == []
        assert [text for text in true if find_faults(text, f"items[{card}].text", language)] == []
        assert [text for text in true if not find_faults(text, f"items[{1 - card}].text", language)] == []
        assert [(text, where) for text in false for where in PLACES if not find_faults(text, where, language)] == []


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "ar"])
def test_a_noun_that_two_things_share_names_neither(language: str) -> None:
    two = brief(
        items=(ITEMS[1], ITEMS[1].model_copy(update={"item_id": "i-3", "title": "Wool Scarf", "colour": "navy"}))
    )
    text = SAYS[language].format(noun=list_called(ITEMS[1], language), said=list_said(ITEMS[1], language)[0])
    assert find_faults(text, "paragraphs[0]", language) == []
    assert find_faults(text, "paragraphs[0]", language, two)


@pytest.mark.parametrize(
    "tag", ["new", "last pieces", "sold out", "gift idea", "plus size", "leather", "not lined", "best seller", "50 off"]
)
def test_a_tag_that_is_no_property_is_no_word(tag: str) -> None:
    item = ITEMS[0].model_copy(update={"tags": (tag, "boxy")})
    assert list_tags(item, load_grammar("en")) == ("boxy",)
    assert find_faults(f"The coat is {tag}.", "paragraphs[0]", "en", brief(items=(item,)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_of_the_quiz_and_categories_are_said_in_the_language(language: str) -> None:
    history = History(
        signed_up_at=utc(2025, 1, 2),
        quiz_styles=("classic", "romantic"),
        quiz_colours=("navy", "rust"),
        favourite_category="dresses",
    )
    grammar, told = load_grammar(language), brief(facts=state_facts(history, NOW))
    checker = SentenceChecker(told, grammar)
    ways = {code: checker.list_ways(code)[0] for code in ("quiz_styles", "quiz_colours", "favourite_category")}
    strange = ("classic", "romantic", "navy", "rust", "dresses")
    if language != "en":
        assert [word for word in strange for way in ways.values() if word in way.replace(".", " ").split()] == []
    for way in ways.values():
        assert find_faults(way, "paragraphs[0]", language, told) == []
    green = (translate("green", "colour", grammar) or ("green",))[0]
    navy = (translate("navy", "colour", grammar) or ("navy",))[0]
    assert find_faults(ways["quiz_colours"].replace(navy, green), "paragraphs[0]", language, told)


OF_PIECES = {
    "en": ("The pieces are simple and easy to combine.", "Each piece goes with your wardrobe."),
    "de": ("Die Stücke sind schlicht und leicht zu kombinieren.", "Jedes Stück passt zu Ihrer Garderobe."),
    "fr": ("Les pièces vont bien ensemble.", "Chaque pièce s'accorde avec votre garde-robe."),
    "es": ("Las prendas combinan bien entre sí.", "Cada prenda combina con tu armario."),
    "ar": ("القطع تنسجم معا.", "كل قطعة تناسب ذوقك."),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_without_items_says_nothing_of_pieces(language: str) -> None:
    grammar, bare = load_grammar(language), brief(items=())
    empty = DRAFT.model_copy(update={"items": ()})
    for text in (grammar.ways["paragraph"][0], *OF_PIECES[language]):
        assert find_faults(text, "paragraphs[0]", language) == [], text
        assert find_faults(text, "paragraphs[0]", language, bare, empty), text
        assert find_faults(text, "paragraphs[0]", language, BRIEF, empty), "nothing of the picks is shown"
    for place in ("subject", "preheader", "paragraph", "call_to_action"):
        where = "paragraphs[0]" if place == "paragraph" else place
        ways = SentenceChecker(bare, grammar).list_openers(place)
        assert ways
        assert [way for way in ways if find_faults(way, where, language, bare, empty)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_that_show_what_passes_do_and_the_others_do_not(language: str) -> None:
    item = ITEMS[0].model_copy(update={"colour": "charcoal"})
    told = brief(items=(item, ITEMS[1]))
    ways = load_grammar(language).ways
    assert [way for way in ways["allowed"] if find_faults(way, "paragraphs[0]", language, told)] == []
    assert [way for way in ways["refused"] for where in PLACES if not find_faults(way, where, language, told)] == []


def test_a_fault_names_the_words_that_failed_and_never_offers_one_sentence_for_two_places() -> None:
    grammar = load_grammar("en")
    wrong = ("The coat is charcoal and never dull.", "The coat goes with a yacht.", "The coat is better than most.")
    said = [CitedSentence(where=f"paragraphs[{n}]", text=text, facts=("item:i-1",)) for n, text in enumerate(wrong)]
    draft = DRAFT.model_copy(
        update={"sentences": tuple(said), "paragraphs": wrong, "greeting": build_greeting(BRIEF, grammar)}
    )
    faults = [f for f in find_ungrounded(draft, BRIEF, grammar) if f.where.startswith("sentences[")]
    assert "never" in faults[0].what
    assert "dull" in faults[0].what
    offers = [fault.what.partition("or say: ")[2] for fault in faults]
    assert len(set(offers)) == len(offers) == 3
    assert all(offers)
    shape = SentenceChecker(BRIEF, grammar)
    (fault,) = shape.check(
        [CitedSentence(where="subject", text="The coat is navy beside the scarf is")], DRAFT, cited=False
    )
    assert fault.code == "shape"
    assert "does not follow" in fault.what


def test_a_plural_pronoun_means_the_item_of_the_card_only_where_nothing_else_was_named() -> None:
    checker = SentenceChecker(BRIEF, load_grammar("en"))

    def check(*texts: str) -> list[str]:
        said = [CitedSentence(where="items[0].text", text=text, facts=("item:i-1", "item:i-2")) for text in texts]
        return [fault.where for fault in checker.check(said, DRAFT, cited=True)]

    assert check("The coat is navy.", "They are navy.") == []
    assert check("The coat goes with the scarf.", "They are navy.") == ["sentences[1]"]
