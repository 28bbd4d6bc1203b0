"""What speaks against a piece: the occasion, the colours, the cloth and the season that the client asks of the box."""

from __future__ import annotations

import pytest

from domain.fixes.reading.items import describe_item
from domain.fixes.suiting import count_misses, list_out_of_season
from domain.fixes.wish_answers import ItemTraits
from models.base import utc
from models.box_roles import BoxRole
from models.catalogue import Item, Season
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish
from services.fixes.vocabulary_files import load_vocabulary

KINDS = (
    "dress",
    "shirt",
    "t-shirt",
    "knitwear",
    "trousers",
    "jeans",
    "skirt",
    "coat",
    "jacket",
    "shoes",
    "bag",
    "scarf",
)
WORDS = load_vocabulary(None, KINDS)


def describe(category: str, title: str, colour: str = "navy", season: str = "all", tags: str = "") -> ItemTraits:
    """Describe an item of the demo's kind."""
    known = {
        "item_id": "a", "title": title, "category": category, "brand": "", "colour": colour, "price_cents": 9_900,
        "cost_cents": None, "season": season, "sizes": (), "tags": tuple(tags.split()), "sustainability": None,
        "added_at": utc(2026, 1, 1),
    }  # fmt: skip
    return describe_item(Item.model_validate(known), WORDS)


def want(kind: str, value: str, category: str = "", strength: str = "must") -> ClientWish:
    return ClientWish.model_validate({"kind": kind, "value": value, "category": category, "strength": strength})


TRAINERS = describe("shoes", "Ashby leather low trainers", tags="sporty")
FLANNEL = describe("shirt", "Greta flannel checked shirt", tags="workwear casual")
GOWN = describe("dress", "Quill silk slip dress", "burgundy", tags="evening romantic")
WHITE = describe("dress", "Quill silk slip dress", "white", tags="evening romantic")
LINEN = describe("shirt", "Thea linen shirt", "white", "summer", "minimal")
WOOL = describe("trousers", "Jonah wool wide-leg trousers", "grey", "winter", "classic")
JEANS = describe("jeans", "Hollis washed denim straight jeans", "blue")
TRENCH = describe("coat", "Farrow gabardine trench coat", "camel", "autumn", "classic")
DUFFLE = describe("coat", "Orla wool duffle coat", "navy", "winter", "classic")
BLAZER = describe("jacket", "Greta crepe blazer", "black", tags="classic minimal")
WIDE = describe("trousers", "Thea corduroy wide-leg trousers", "camel", "autumn", "bohemian")
STRAIGHT = describe("trousers", "Una corduroy straight trousers", "brown", "winter", "classic")
CLUTCH = describe("bag", "Nell satin clutch", "cream", tags="evening romantic")
SANDALS = describe("shoes", "Zinnia satin heeled sandals", "navy", tags="evening romantic")
LOAFERS = describe("shoes", "Nell leather flat penny loafers", "black", tags="classic smart")
SCARF = describe("scarf", "Rowan wool checked scarf", "camel", "winter", "classic")
KNITTED = describe("dress", "Wren merino knitted dress", "burgundy", "winter", "minimal classic")
CASHMERE = describe("knitwear", "Corin cashmere crew-neck jumper", "grey", "winter", "classic")
PALE = describe("jacket", "Zinnia linen jacket", "cream", "summer", "minimal casual")
PUMPS = describe("shoes", "Corin leather kitten-heel pumps", "rose", tags="elegant classic")
VNECK = describe("t-shirt", "Imogen jersey V-neck top", "navy", tags="classic minimal")
DRAPED = describe("t-shirt", "Hollis satin draped top", "black", tags="evening elegant")
BAG = describe("bag", "Linden leather shoulder bag", "black", tags="classic")


@pytest.mark.parametrize(
    ("wishes", "item", "unsuited"),
    [
        ([want("occasion", "wedding")], TRAINERS, True),
        ([want("occasion", "wedding")], FLANNEL, True),
        ([want("occasion", "wedding")], GOWN, False),
        ([want("occasion", "wedding")], WHITE, True),
        ([want("occasion", "work")], JEANS, True),
        ([want("occasion", "work"), want("category", "jeans")], JEANS, False),
        ([want("material", "linen"), want("material", "cotton")], LINEN, False),
        ([want("material", "linen"), want("material", "cotton")], WOOL, True),
        ([want("material", "linen")], BAG, False),
        ([want("colour", "cream"), want("colour", "white")], LINEN, False),
        ([want("colour", "cream")], WOOL, True),
        ([want("colour", "cream")], BAG, False),
        ([want("colour", "cream", strength="prefer")], WOOL, False),
        ([want("season", "winter")], LINEN, True),
        ([want("season", "winter", "coat")], TRENCH, True),
        ([want("season", "winter", "coat")], DUFFLE, False),
        ([want("season", "winter", "coat")], WOOL, False),
        ([want("colour", "red", "dress")], GOWN, False),
        ([want("colour", "green", "dress")], GOWN, True),
        ([want("style", "smart")], TRAINERS, True),
        ([want("warmth", "light")], WOOL, True),
        ([want("occasion", "wedding")], BLAZER, True),
        ([want("occasion", "work")], BLAZER, False),
        ([want("occasion", "wedding")], LOAFERS, True),
        ([want("occasion", "party")], KNITTED, True),
        ([want("occasion", "date")], SCARF, True),
        ([want("occasion", "outdoors", "knitwear")], CASHMERE, True),
        ([want("occasion", "outdoors")], CASHMERE, True),
        ([want("occasion", "home")], GOWN, True),
        ([want("occasion", "home"), want("occasion", "work")], BLAZER, False),
        ([want("occasion", "cycling")], WIDE, True),
        ([want("occasion", "cycling"), want("occasion", "everyday")], WIDE, True),
        ([want("occasion", "cycling"), want("occasion", "everyday"), want("category", "trousers")], WIDE, True),
        ([want("occasion", "cycling"), want("occasion", "everyday")], STRAIGHT, False),
        ([want("surprise", "yes")], CLUTCH, True),
        ([want("style", "romantic")], CLUTCH, True),
        ([want("occasion", "work")], CLUTCH, True),
        ([want("occasion", "party")], CLUTCH, False),
        ([want("style", "elegant")], CLUTCH, False),
        ([want("occasion", "evening", "shirt"), want("category", "jeans")], SANDALS, True),
        ([want("occasion", "evening")], SANDALS, False),
        ([want("surprise", "yes")], SANDALS, True),
        ([want("category", "trousers")], PUMPS, True),
        ([want("category", "shoes")], PUMPS, False),
        ([want("occasion", "work")], PUMPS, False),
        ([want("occasion", "evening"), want("category", "top")], VNECK, True),
        ([want("occasion", "evening"), want("category", "top")], DRAPED, False),
        ([want("colour", "pastel")], BAG, True),
        ([want("colour", "bright")], PALE, False),
        ([want("colour", "bright")], WOOL, True),
    ],
)
def test_a_piece_is_unsuited_by_what_the_catalogue_says_of_it(
    wishes: list[ClientWish], item: ItemTraits, unsuited: bool
) -> None:
    assert (count_misses(FixWish(wishes=tuple(wishes)), item) > 0) is unsuited


def test_of_what_nothing_is_known_nothing_speaks_against() -> None:
    unknown = ItemTraits(frozenset({("category", "shirt")}))
    wishes = want("material", "linen"), want("colour", "red"), want("season", "winter"), want("style", "smart")
    assert count_misses(FixWish(wishes=wishes), unknown) == 0


def test_pieces_for_another_season_stay_out_unless_there_is_no_other_of_what_was_asked_for() -> None:
    boots = want("category", "shoes")

    def piece(sku: str, *answers: str) -> FixItem:
        return FixItem(sku=sku, item_id=sku, price_cents=1, score=0.5, role=BoxRole.SHOES, answers=answers)

    flat = want("fit", "flat", "shoes")
    candidates = [piece("boots", boots.key), piece("sandals", flat.key), piece("loafers", flat.key)]
    seasons = {"boots": Season.WINTER, "sandals": Season.WINTER, "loafers": Season.ALL}
    suits = {Season.WINTER: 0.0, Season.ALL: 0.8}
    assert list_out_of_season(FixWish(wishes=(boots, flat)), candidates, seasons, suits) == {"sandals"}
    named = boots.model_copy(update={"detail": "boots"})
    kept = [candidates[0].model_copy(update={"kinds": ("boots",)}), candidates[2]]
    assert list_out_of_season(FixWish(wishes=(named,)), kept, seasons, suits) == set()


def test_a_shirt_by_the_shop_s_own_word_is_no_t_shirt_of_another_language() -> None:
    assert ("category", "t-shirt") not in describe("shirt", "Jonah denim shirt", tags="workwear casual denim").traits


@pytest.mark.parametrize(
    ("title", "wanted", "unsuited"),
    [("crepe pencil skirt", "loose", True), ("wool pleated skirt", "loose", False), ("wool skirt", "loose", False)],
)
def test_a_cut_against_the_one_wanted_is_unsuited(title: str, wanted: str, unsuited: bool) -> None:
    assert (count_misses(FixWish(wishes=(want("fit", wanted),)), describe("skirt", title)) > 0) is unsuited


def test_descriptions_say_cut_and_warmth_but_no_cloth_where_the_fields_do() -> None:
    known = {
        "item_id": "a", "title": "Ashby wool skirt", "category": "skirt", "brand": "", "colour": "navy",
        "price_cents": 1, "cost_cents": None, "season": "all", "sizes": (), "tags": (), "sustainability": None,
        "added_at": utc(2026, 1, 1), "description": "Midi length with an elastic waist, soft as silk. Not slim.",
    }  # fmt: skip
    traits = describe_item(Item.model_validate(known), WORDS).traits
    assert {("fit", "long"), ("fit", "stretch"), ("material", "wool")} <= traits
    assert not {("material", "silk"), ("fit", "slim")} & traits
