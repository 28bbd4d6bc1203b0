from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from errors import BadInput
from mail.links import Goal
from mail.post import Post
from mail.render import Rendered, render
from models.catalogue import Item
from models.mail import Brief, EmailDraft, ItemBlurb
from tests.mail.samples import brief, draft, item, items, post

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ shop.address }} {% raw %} & a very long " + "x" * 40
)


class Page(HTMLParser):
    """What a reader of the HTML part gets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, attribute: str) -> list[str]:
        return [value for name, attrs in self.tags if name == tag and (value := attrs.get(attribute)) is not None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Post:
    return post(tmp_path_factory.mktemp("home"))


def rendered(
    made: Post, words: EmailDraft | None = None, about: Brief | None = None, shelf: dict[str, Item] | None = None
) -> Rendered:
    return render(words or draft(), about or brief(), items() | (shelf or {}), made.links, made.shop)


def test_both_parts_hold_every_word_price_and_link(made: Post) -> None:
    mail = rendered(made)
    page = Page(mail.html)
    words = [
        "What goes with your linen trousers",
        "Dear Ann,",
        "It has been six weeks since your order.",
        "We picked two pieces that work with it.",
        "Linen Wrap Dress",
        "Ortell",
        "$149.00",
        "It wraps at the waist.",
        "Boxy Oxford Shirt",
        "$1,299.50",
        "Wear it open.",
        "See your selection",
        "Selvedge & Co, 12 Weaver's Yard, London E2 7DD",
        "You receive this because you are a client of Selvedge & Co and agreed to hear from us.",
        "Unsubscribe",
    ]
    text = " ".join(mail.text.split())
    assert [word for word in words if word not in text] == []
    assert [word for word in words if word not in page.text] == []
    links = set(re.findall(r"http\S+", mail.text))
    assert links <= set(page.all("a", "href"))
    assert {made.links.unsubscribe("c1", 1), made.links.go("c1", 1, "i1"), made.links.go("c1", 1, "i2")} <= links


def test_the_preheader_comes_first_and_is_hidden(made: Post) -> None:
    html = rendered(made).html
    body = html[html.index("<body") :]
    assert body.index("Two pieces chosen from what you own.") < body.index("Dear Ann,")
    assert re.search(r"display:none[^>]*>\s*Two pieces chosen", body)


def test_each_link_is_ours_and_leads_to_its_own_item(made: Post) -> None:
    hrefs = Page(rendered(made).html).all("a", "href")
    tokens = [href.rpartition("/go/")[2] for href in hrefs if "/go/" in href]
    assert all(href.startswith(("http://127.0.0.1:8000/go/", "http://127.0.0.1:8000/u/")) for href in hrefs)
    assert {made.links.read_go(token) for token in tokens} == {
        Goal("c1", 1, None),
        Goal("c1", 1, "i1"),
        Goal("c1", 1, "i2"),
    }


def test_every_picture_says_in_words_what_it_shows(made: Post) -> None:
    page = Page(rendered(made).html)
    assert page.all("img", "src") == [f"http://127.0.0.1:8000/pictures/{each}.png" for each in ("i1", "i2")]
    assert page.all("img", "alt") == ["Linen Wrap Dress, ecru", "Boxy Oxford Shirt, ecru"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6])
def test_it_shows_as_many_items_as_the_draft_names(made: Post, count: int) -> None:
    shelf = {f"x{n}": item(f"x{n}", f"Piece number {n}") for n in range(count)}
    named = tuple(ItemBlurb(item_id=each, text="Good.") for each in shelf)
    mail = rendered(made, draft(items=named), shelf=shelf)
    assert len(Page(mail.html).all("img", "src")) == count
    assert mail.text.count("$149.00") == count


def test_hostile_words_stay_words(made: Post) -> None:
    words = draft(
        subject=HOSTILE[:90],
        preheader=HOSTILE[:140],
        greeting=HOSTILE[:90],
        paragraphs=(HOSTILE,),
        items=(ItemBlurb(item_id="bad", text=HOSTILE),),
        call_to_action=HOSTILE[:40],
    )
    bad = item("bad", HOSTILE, brand=HOSTILE[:100], colour=HOSTILE[:40])
    harmless = draft(paragraphs=("One.",), items=draft().items[:1])
    mail, usual = rendered(made, words, shelf={"bad": bad}), Page(rendered(made, harmless).html)
    page = Page(mail.html)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in usual.tags]
    assert {name for _, attrs in page.tags for name in attrs} == {name for _, attrs in usual.tags for name in attrs}
    assert "{{ shop.address }}" in page.text
    assert page.all("img", "alt")[0].startswith(HOSTILE)
    assert "<script>" in mail.text


def test_a_hostile_locale_stays_a_locale(made: Post) -> None:
    page = Page(rendered(made, about=brief(locale='en"><script>')).html)
    assert "script" not in [tag for tag, _ in page.tags]


def test_an_item_that_the_catalogue_lacks_is_refused_by_name(made: Post) -> None:
    words = draft(items=(ItemBlurb(item_id="gone", text="Good."),))
    with pytest.raises(BadInput, match="gone") as refused:
        rendered(made, words)
    assert refused.value.field == "items"


def test_nothing_is_fetched_from_elsewhere_and_mail_programs_show_it_whole(made: Post) -> None:
    shelf = {f"x{n}": item(f"x{n}", "A title of usual length " * 2) for n in range(6)}
    words = draft(paragraphs=("w" * 600,) * 4, items=tuple(ItemBlurb(item_id=e, text="b" * 600) for e in shelf))
    html = rendered(made, words, shelf=shelf).html
    page = Page(html)
    assert "script" not in [tag for tag, _ in page.tags]
    assert "link" not in [tag for tag, _ in page.tags]
    assert "@import" not in html
    assert len(html.encode()) < 102_000, "Gmail cuts what is longer"
    assert "<mj-" not in html


def test_a_shop_states_its_own_name_address_and_currency(tmp_path: Path) -> None:
    values: dict[str, Any] = {"shop_name": "Nähwerk", "shop_address": "Gasse 1, Wien", "shop_currency": "EUR"}
    mail = rendered(post(tmp_path, **values))
    for part in (Page(mail.html).text, mail.text):
        assert "Gasse 1, Wien" in part
        assert "€149.00" in part
    assert "NÄHWERK" in mail.text
