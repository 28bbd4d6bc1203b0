"""What a mail shows and what an item shares with a fact may be said, in each language; the same made false may not."""

from __future__ import annotations

import pytest

from agents.languages import load_grammar
from domain.sentences.checking import SentenceChecker, fill_way
from domain.sentences.naming import list_names
from models.base import utc
from models.mail import BriefItem, CitedSentence, EmailDraft, Fact, ItemBlurb
from tests.agents.briefs import build_grounded_brief

ITEMS = (
    BriefItem(item_id="i-1", title="Farrow wool coat", category="coats", brand="", colour="navy", tags=("classic",)),
    BriefItem(
        item_id="i-2", title="Linden wool dress", category="dresses", brand="", colour="grey", tags=("romantic",)
    ),
    BriefItem(item_id="i-3", title="Una linen skirt", category="skirts", brand="", colour="rust", tags=("classic",)),
)
FACTS = (
    Fact(code="last_item", text="Ordered.", piece="Wren linen dress", colour="white", day=utc(2026, 3, 1).date()),
    Fact(code="wishlist", text="Wished.", piece="Greta suede loafers", day=utc(2026, 3, 1).date()),
    Fact(code="new_arrival", text="New.", piece="Farrow wool coat"),
    Fact(code="quiz_colours", text="Quiz.", words=("navy", "green")),
    Fact(code="quiz_styles", text="Quiz.", words=("classic", "evening")),
)
DRAFT = EmailDraft(
    subject="A coat",
    preheader="For you",
    greeting="C",
    paragraphs=("A coat.",),
    items=(ItemBlurb(item_id="i-1", text="A coat."), ItemBlurb(item_id="i-2", text="A dress.")),
    call_to_action="See it",
)
CARD, OTHER, TOP = "items[0].text", "items[1].text", "paragraphs[0]"
EVERYTHING = (*(fact.code for fact in FACTS), "item:i-1", "item:i-2", "item:i-3")
TRUE = {
    "en": (
        (TOP, "We chose two pieces with you in mind."),
        (TOP, "Both pieces are wool."),
        (CARD, "Navy is a colour you chose in your style quiz."),
        (CARD, "It joined our collection after your last order."),
        (CARD, "Classic is a style you chose."),
        (OTHER, "The dress is grey and easy to wear."),
        (CARD, "It goes well with your dress."),
        (CARD, "It goes well with the Wren linen dress from your last order."),
    ),
    "de": (
        (TOP, "Wir haben zwei Stücke für Sie ausgewählt."),
        (CARD, "Marineblau ist eine Farbe aus Ihrem Stilquiz."),
        (CARD, "Er ist neu seit Ihrer letzten Bestellung."),
        (OTHER, "Das Kleid ist grau und leicht zu tragen."),
        (CARD, "Er passt gut zu Ihrem Kleid."),
        (TOP, "Vielen Dank für Ihre Bestellung."),
    ),
    "fr": (
        (TOP, "Nous avons choisi deux pièces pour vous."),
        (CARD, "Le bleu marine est une couleur que vous avez choisie."),
        (CARD, "Il a rejoint notre collection après votre dernière commande."),
        (OTHER, "Cette robe est grise et facile à porter."),
        (CARD, "Il va bien avec votre robe."),
        (CARD, "Ce manteau en laine va bien avec votre Wren linen dress."),
    ),
    "es": (
        (TOP, "Hemos elegido dos prendas para ti."),
        (CARD, "Clásico es un estilo que elegiste."),
        (CARD, "Es una novedad desde tu último pedido."),
        (OTHER, "Este vestido es gris y fácil de llevar."),
        (CARD, "Combina bien con tu vestido."),
        (TOP, "Gracias por tu último pedido."),
    ),
    "ar": (
        (TOP, "اخترنا لك قطعتين بعناية."),
        (CARD, "اخترت اللون الكحلي في اختبار الأسلوب."),
        (CARD, "انضم إلى مجموعتنا بعد طلبك الأخير."),
        (OTHER, "الفستان سهل التنسيق مع ملابسك."),
        (CARD, "ينسجم بسهولة مع Wren linen dress من طلبك الأخير."),
        (TOP, "شكرا لك على طلبك الأخير."),
    ),
}
FALSE = {
    "en": (
        "We chose three pieces with you in mind.",
        "Both pieces are navy.",
        "Both pieces are romantic.",
        "Two pieces in the colours of your style quiz",
        "Rust is a colour you chose in your style quiz.",
        "Navy is a style you chose.",
        "It goes well with your loafers.",
        "It goes well with the Greta suede loafers from your last order.",
        "It goes well with your Linden wool dress.",
        "Navy is not a colour you chose.",
    ),
    "de": (
        "Wir haben drei Stücke für Sie ausgewählt.",
        "Rost ist eine Farbe aus Ihrem Stilquiz.",
        "Beide sind marineblau.",
        "Romantisch ist ein Stil aus Ihrem Stilquiz.",
        "Er passt gut zu den Greta suede loafers aus Ihrer letzten Bestellung.",
    ),
    "fr": (
        "Nous avons choisi trois pièces pour vous.",
        "Le rouille est une couleur que vous avez choisie.",
        "Deux pièces dans les couleurs de votre quiz",
        "Les deux pièces sont grises.",
        "Il va bien avec votre Linden wool dress.",
    ),
    "es": (
        "Hemos elegido tres prendas para ti.",
        "Romántico es un estilo que elegiste.",
        "Dos prendas en los colores de tu test",
        "Las dos prendas son grises.",
        "Combina bien con la falda de tu último pedido.",
    ),
    "ar": (
        "اخترنا لك ثلاث قطع بعناية.",
        "الصدئي من الألوان التي اخترتها.",
        "ينسجم بسهولة مع Greta suede loafers من طلبك الأخير.",
        "قطعتان رومانسية",
    ),
}
ON_THE_CARD_OF_ANOTHER = {
    "en": (
        "Navy is a colour you chose.",
        "It joined our collection after your last order.",
        "You chose this colour.",
    ),
    "de": ("Marineblau ist eine Farbe aus Ihrem Stilquiz.", "Es ist neu seit Ihrer letzten Bestellung."),
    "fr": ("Le bleu marine est dans vos couleurs.", "Vous avez choisi cette couleur dans votre quiz."),
    "es": (
        "Clásico es un estilo que elegiste.",
        "Es una novedad desde tu último pedido.",
        "El azul marino es uno de tus colores.",
    ),
    "ar": (
        "الكحلي من الألوان التي اخترتها.",
        "اخترت هذا اللون في اختبار الأسلوب.",
        "انضم إلى مجموعتنا بعد طلبك الأخير.",
    ),
}


def passes(language: str, where: str, text: str, facts: tuple[str, ...] = EVERYTHING) -> bool:
    checker = SentenceChecker(build_grounded_brief(items=ITEMS, facts=FACTS), load_grammar(language))
    sentence = CitedSentence.model_construct(where=where, text=text, facts=facts)
    return not list(checker.check([sentence], DRAFT, cited=True))


@pytest.mark.parametrize("language", TRUE)
def test_what_holds_of_all_shown_or_of_an_item_and_a_fact_passes(language: str) -> None:
    assert [text for where, text in TRUE[language] if not passes(language, where, text)] == []


@pytest.mark.parametrize("language", FALSE)
def test_the_same_made_false_passes_nowhere(language: str) -> None:
    places = ("subject", TOP, CARD, OTHER, "call_to_action")
    assert [(text, where) for text in FALSE[language] for where in places if passes(language, where, text)] == []
    moved = ON_THE_CARD_OF_ANOTHER[language]
    assert [text for text in moved if passes(language, OTHER, text)] == []


def test_a_count_rests_on_the_mail_and_a_colour_of_the_quiz_on_the_quiz() -> None:
    assert passes("en", TOP, "We chose two pieces with you in mind.", ())
    assert passes("en", TOP, "We chose two pieces with you in mind.", ("item:i-1",))
    assert passes("en", CARD, "Navy is a colour you chose.", ("quiz_colours",))
    assert not passes("en", CARD, "Navy is a colour you chose.", ("item:i-1",))
    assert passes("en", TOP, "Green is a colour you chose.", ("quiz_colours",)), "true of the client, of no item"


def test_what_is_offered_reads_as_the_language_is_written() -> None:
    colours = Fact(code="quiz_colours", text="Q", words=("navy", "green", "sage"))
    assert fill_way("{WORDS}", colours, load_grammar("ar")) == "كحلي وأخضر وأخضر مريمي"
    first = Fact(code="last_order", text="Q", day=utc(2026, 11, 1).date())
    assert fill_way("{DAY}", first, load_grammar("fr")).startswith("1er novembre")
    assert (
        fill_way("{KIND}", Fact(code="favourite_category", text="Q", words=("shirt",)), load_grammar("en")) == "shirts"
    )


def test_a_line_of_a_title_that_only_looks_so_names_no_thing() -> None:
    coat = BriefItem(item_id="i-1", title="Waterproof look wrap coat", category="coats", brand="", colour="navy")
    names = list_names(build_grounded_brief(items=(coat,), facts=()), load_grammar("en"))
    assert not any("waterproof" in name.phrase[0] and len(name.phrase) == 2 for name in names if name.slot == "ITEM")
