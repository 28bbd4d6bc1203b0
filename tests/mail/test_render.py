from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInput
from mail.links import LinkTarget
from mail.message import EnvelopeBuilder
from mail.render import RenderedMail, render, wrap_text
from models.catalogue import Item
from models.mail import Brief, EmailDraft, ItemBlurb
from tests.mail.samples import brief, build_envelope_builder, draft, item, items

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
def builder(tmp_path_factory: pytest.TempPathFactory) -> EnvelopeBuilder:
    return build_envelope_builder(tmp_path_factory.mktemp("home"))


def render_sample(
    builder: EnvelopeBuilder,
    words: EmailDraft | None = None,
    about: Brief | None = None,
    shelf: dict[str, Item] | None = None,
) -> RenderedMail:
    return render(words or draft(), about or brief(), items() | (shelf or {}), builder.links, builder.shop)


def test_both_parts_hold_every_word_price_and_link(builder: EnvelopeBuilder) -> None:
    mail = render_sample(builder)
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
    assert {
        builder.links.build_unsubscribe_url("c1", 1),
        builder.links.build_click_url("c1", 1, "i1"),
        builder.links.build_click_url("c1", 1, "i2"),
    } <= links


def test_the_preheader_comes_first_and_is_hidden(builder: EnvelopeBuilder) -> None:
    html = render_sample(builder).html
    body = html[html.index("<body") :]
    assert body.index("Two pieces chosen from what you own.") < body.index("Dear Ann,")
    assert re.search(r"display:none[^>]*>\s*Two pieces chosen", body)


def test_each_link_is_ours_and_leads_to_its_own_item(builder: EnvelopeBuilder) -> None:
    hrefs = Page(render_sample(builder).html).all("a", "href")
    tokens = [href.rpartition("/go/")[2] for href in hrefs if "/go/" in href]
    ours = tuple(f"http://127.0.0.1:8000/{page}/" for page in ("go", "u", "preferences", "m"))
    assert all(href.startswith(ours) for href in hrefs)
    assert {builder.links.read_click(token) for token in tokens} == {
        LinkTarget("c1", 1, None),
        LinkTarget("c1", 1, "i1"),
        LinkTarget("c1", 1, "i2"),
    }


def test_every_picture_says_in_words_what_it_shows(builder: EnvelopeBuilder) -> None:
    page = Page(render_sample(builder).html)
    assert page.all("img", "src") == [f"http://127.0.0.1:8000/pictures/{item_id}.png" for item_id in ("i1", "i2")]
    assert page.all("img", "alt") == ["Linen Wrap Dress, ecru", "Boxy Oxford Shirt, ecru"]
    shelf = {"i1": item("i1", "Rust Wrap Dress", colour="rust"), "i2": item("i2", "Boxy Shirt", colour="")}
    assert Page(render_sample(builder, shelf=shelf).html).all("img", "alt") == ["Rust Wrap Dress", "Boxy Shirt"]


@pytest.mark.parametrize(
    ("locale", "lang"), [("en", "en"), ("en_US", "en-US"), ("de", "en"), ("ar_EG", "en"), ("", "en"), ("enm", "en")]
)
def test_the_language_is_that_of_the_words_and_not_of_the_reader(
    builder: EnvelopeBuilder, locale: str, lang: str
) -> None:
    page = Page(render_sample(builder, about=brief(locale=locale)).html)
    assert page.all("html", "lang") == [lang]
    assert page.all("html", "dir") == ["ltr"]


def test_widths_are_whole_numbers_and_the_signature_begins_as_programs_expect(builder: EnvelopeBuilder) -> None:
    mail = render_sample(builder)
    assert not re.findall(r"\d\.\d+px", mail.html)
    assert "opacity:0" not in mail.html, "filters take letters hidden so for a trick"
    assert all(width.removesuffix("%").isdigit() for width in Page(mail.html).all("img", "width"))
    assert "\n-- \nYou receive this" in mail.text


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6])
def test_it_shows_as_many_items_as_the_draft_names(builder: EnvelopeBuilder, count: int) -> None:
    shelf = {f"x{n}": item(f"x{n}", f"Piece number {n}") for n in range(count)}
    named = tuple(ItemBlurb(item_id=item_id, text="Good.") for item_id in shelf)
    mail = render_sample(builder, draft(items=named), shelf=shelf)
    assert len(Page(mail.html).all("img", "src")) == count
    assert mail.text.count("$149.00") == count


def test_hostile_words_stay_words(builder: EnvelopeBuilder) -> None:
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
    mail, usual = render_sample(builder, words, shelf={"bad": bad}), Page(render_sample(builder, harmless).html)
    page = Page(mail.html)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in usual.tags]
    assert {name for _, attrs in page.tags for name in attrs} == {name for _, attrs in usual.tags for name in attrs}
    assert "{{ shop.address }}" in page.text
    assert page.all("img", "alt")[0].startswith(HOSTILE)
    assert "<script>" in mail.text


def test_a_hostile_locale_stays_a_locale(builder: EnvelopeBuilder) -> None:
    page = Page(render_sample(builder, about=brief(locale='en"><script>')).html)
    assert "script" not in [tag for tag, _ in page.tags]


def test_an_item_that_the_catalogue_lacks_is_refused_by_name(builder: EnvelopeBuilder) -> None:
    words = draft(items=(ItemBlurb(item_id="gone", text="Good."),))
    with pytest.raises(BadInput, match="gone") as refused:
        render_sample(builder, words)
    assert refused.value.field == "items"


def test_nothing_is_fetched_from_elsewhere_and_mail_programs_show_it_whole(builder: EnvelopeBuilder) -> None:
    shelf = {f"x{n}": item(f"x{n}", "A title of usual length " * 2) for n in range(6)}
    words = draft(paragraphs=("w" * 600,) * 4, items=tuple(ItemBlurb(item_id=e, text="b" * 600) for e in shelf))
    html = render_sample(builder, words, shelf=shelf).html
    page = Page(html)
    assert "script" not in [tag for tag, _ in page.tags]
    assert "link" not in [tag for tag, _ in page.tags]
    assert "@import" not in html
    assert len(html.encode()) < 102_000, "Gmail cuts what is longer"
    assert "<mj-" not in html


def test_a_shop_states_its_own_name_address_and_currency(tmp_path: Path) -> None:
    values: dict[str, Any] = {"shop_name": "Nähwerk", "shop_address": "Gasse 1, Wien", "shop_currency": "EUR"}
    mail = render_sample(build_envelope_builder(tmp_path, **values))
    for part in (Page(mail.html).text, mail.text):
        assert "Gasse 1, Wien" in part
        assert "€149.00" in part
    assert "NÄHWERK" in mail.text


def test_the_picture_of_an_open_and_the_hidden_link_are_there_only_when_asked_for(builder: EnvelopeBuilder) -> None:
    plain = render_sample(builder)
    more = render(draft(), brief(), items(), builder.links, builder.shop, opens=True, hidden=True)
    opened, hidden = builder.links.build_open_url("c1", 1), builder.links.build_hidden_url("c1", 1)
    assert (opened in plain.html, hidden in plain.html) == (False, False)
    assert (more.html.count(opened), more.html.count(hidden), more.text) == (1, 1, plain.text)
    assert re.search(r'<div style="display:none" aria-hidden="true"><a href="[^"]+" tabindex="-1"', more.html)


@given(st.text(st.sampled_from("ab- .\u00a0\n\té日"), max_size=120))
def test_a_line_that_is_short_enough_stays_as_wrapping_would_leave_it(line: str) -> None:
    assert wrap_text(line) == fill(line, 76, break_long_words=False, break_on_hyphens=False)
