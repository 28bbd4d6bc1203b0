"""Renders a draft as a mail: the words are the writer's; titles, prices, pictures and links come from the catalogue."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import mrml
from jinja2 import Environment, StrictUndefined, Template

from domain.wording import format_price
from errors import BadInput
from mail.links import Links, OwnPage
from mail.offer_block import write_offer
from mail.quoting import build_quoted, escape, guard_from, quote
from models.base import ItemId
from models.catalogue import Item
from models.mail import Brief, EmailDraft, ItemBlurb
from models.states import TouchKind
from settings import Settings

FOLDER: Final = Path(__file__).parent / "templates"
"""MJML is converted once a process to HTML with inlined styles and the placeholders left in, so that a mail costs one
rendering of a Jinja template."""
_WIDTH: Final = 76


@dataclass(frozen=True)
class Shop:
    """What a mail states about its sender."""

    name: str
    address: str
    currency: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Shop:
        return cls(name=settings.shop_name, address=settings.shop_address, currency=settings.shop_currency)


@dataclass(frozen=True)
class RenderedMail:
    """A mail's words as HTML and as text, with the same content."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a mail shows of one item."""

    title: str
    brand: str
    kicker: str
    price: str
    blurb: str
    alt: str
    picture: str
    link: str


@dataclass(frozen=True)
class QuotedMail:
    """A mail's two parts as they travel: in quoted-printable, with the same words as `RenderedMail` has."""

    subject: str
    html: bytes
    text: bytes


def render(
    draft: EmailDraft,
    brief: Brief,
    items: Mapping[ItemId, Item],
    links: Links,
    shop: Shop,
    *,
    opens: bool = False,
    hidden: bool = False,
) -> RenderedMail:
    """Render the mail of `draft`: with `opens`, a picture tells when it is opened; with `hidden`, it holds a link that
    only machines follow. Raises BadInput (field `items`) when the draft names an item that `items` lacks."""
    context = _build_context(draft, brief, items, links, shop, opens, hidden)
    return RenderedMail(
        subject=draft.subject,
        preheader=draft.preheader,
        html=load_html_template(context["language"]).render(context),
        text=load_text_template().render(context),
    )


def render_quoted(
    draft: EmailDraft,
    brief: Brief,
    items: Mapping[ItemId, Item],
    links: Links,
    shop: Shop,
    *,
    opens: bool = False,
    hidden: bool = False,
) -> QuotedMail:
    """Render the mail of `draft` as `render` does, in the form in which it travels; 25 KB would cost more to encode
    each time than to render."""
    context = _build_context(draft, brief, items, links, shop, opens, hidden)
    html = _load_quoted_template(context["language"]).render(context)
    text = load_text_template().render(context)
    return QuotedMail(draft.subject, guard_from(html.encode("ascii")), quote(text))


def _build_context(
    draft: EmailDraft,
    brief: Brief,
    items: Mapping[ItemId, Item],
    links: Links,
    shop: Shop,
    opens: bool,
    hidden: bool,
) -> dict[str, Any]:
    """Build the values of the templates' blanks."""
    frames = load_frames()
    language = draft.language if draft.language in frames else "en"
    frame = frames[language]
    cards = [_build_card(blurb, brief, items, links, shop, language) for blurb in draft.items]
    lead = draft.items[0].item_id if len(draft.items) == 1 else None
    return {
        "lang": _find_language_tag(brief.locale, language),
        "language": language,
        "frame": frame,
        "subject": draft.subject,
        "preheader": draft.preheader,
        "greeting": draft.greeting,
        "paragraphs": draft.paragraphs,
        "offer": write_offer(brief.offer, shop.currency, language) if brief.offer else None,
        "cards": cards,
        "act": {"words": draft.call_to_action, "link": _build_main_link(brief, links, lead)},
        "home": links.build_click_url(brief.client_id, brief.n),
        "view": links.build_page_url(OwnPage.VIEW, brief.client_id, brief.n),
        "preferences": links.build_page_url(OwnPage.PREFERENCES, brief.client_id, brief.n),
        "unsubscribe": links.build_unsubscribe_url(brief.client_id, brief.n),
        "why": frame["why"].format(shop=shop.name),
        "shop": shop,
        "opened": links.build_open_url(brief.client_id, brief.n) if opens else "",
        "hidden": links.build_hidden_url(brief.client_id, brief.n) if hidden else "",
    }


def _build_main_link(brief: Brief, links: Links, item_id: ItemId | None) -> str:
    if brief.kind is TouchKind.QUIZ:
        return links.build_quiz_click_url(brief.client_id, brief.n)
    return links.build_click_url(brief.client_id, brief.n, item_id)


def _build_card(
    blurb: ItemBlurb, brief: Brief, items: Mapping[ItemId, Item], links: Links, shop: Shop, language: str
) -> Card:
    item = items.get(blurb.item_id)
    if item is None:
        raise BadInput(f"the draft names {blurb.item_id}, which the catalogue does not hold", "items")
    return Card(
        title=item.title,
        brand=item.brand,
        kicker=item.brand or item.category,
        price=format_price(item.price_cents, shop.currency, language),
        blurb=blurb.text,
        alt=_describe_picture(item),
        picture=links.build_picture_url(item.item_id, item.picture, expected=bool(item.image_url)),
        link=links.build_click_url(brief.client_id, brief.n, item.item_id),
    )


def _describe_picture(item: Item) -> str:
    """Describe the picture: title and colour, which many titles name already."""
    return item.title if item.colour.casefold() in item.title.casefold() else f"{item.title}, {item.colour}"


def _find_language_tag(locale: str, language: str) -> str:
    """Find the tag of the words' language: the reader's own spelling of it where they have one. A screen reader reads
    words aloud as the tag says."""
    tag = locale.replace("_", "-")
    return tag if tag.partition("-")[0].lower() == language else language


@cache
def load_frames() -> Mapping[str, Mapping[str, str]]:
    """Load what surrounds the words of a mail, by language."""
    frames: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "frames.toml").read_text(encoding="utf-8"))
    return frames


@cache
def load_html_template(language: str) -> Template:
    """Load the template of the HTML part in a language of `load_frames`; it escapes every value."""
    return _build_environment(autoescape=True).from_string(_lay_out(language))


@cache
def _load_quoted_template(language: str) -> Template:
    return build_quoted(_build_environment(autoescape=True), _lay_out(language))


def _lay_out(language: str) -> str:
    """Lay the HTML part out, with what surrounds the words in that language."""
    laid_out = _convert_mjml()
    frame = load_frames()[language]
    constants = {f"frame.{name}": words for name, words in frame.items()}
    constants["start"] = "right" if frame["direction"] == "rtl" else "left"
    for name, words in constants.items():
        laid_out = laid_out.replace(f"{{{{ {name} }}}}", escape(words))
    return laid_out


@cache
def _convert_mjml() -> str:
    laid_out = mrml.to_html((FOLDER / "outreach.mjml").read_text("utf-8")).content
    # MJML hides the preview in four ways; filters take those of white or tiny letters for a trick. One is enough.
    laid_out = laid_out.replace("font-size:1px;color:#ffffff;line-height:1px;", "").replace("opacity:0;", "")
    return "\n".join(map(str.strip, laid_out.split("\n")))  # the indents of style sheets


@cache
def load_text_template() -> Template:
    """Load the template of the text part, with the same words and links."""
    environment = _build_environment(autoescape=False)
    environment.filters["wrapped"] = wrap_text
    return environment.from_string((FOLDER / "outreach.txt").read_text("utf-8"))


def _build_environment(*, autoescape: bool) -> Environment:
    return Environment(
        autoescape=autoescape,  # noqa: S701  off for the plain-text part alone, where nothing is markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def wrap_text(words: str, indent: str = "") -> str:
    """Wrap text to lines of at most 76 characters, the later ones with `indent`."""
    if len(words) <= _WIDTH and words.isprintable() and not words.endswith(" "):
        return words  # what most lines are, and `fill` would say the same 50 times more slowly
    return fill(words, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
