"""Letters: short mails that a client asked for on their own pages, with one link that confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import mrml
from jinja2 import Environment, StrictUndefined, Template

from mail.message import Envelope, EnvelopeBuilder, Recipient, build_envelope
from mail.quoting import quote
from mail.render import FOLDER, QuotedMail
from models.base import ClientId


@dataclass(frozen=True)
class LetterText:
    """The words of a letter, and its link."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str
    link: str


def build_letter(
    builder: EnvelopeBuilder, client_id: ClientId, address: str, text: LetterText, number: int, now: datetime
) -> Envelope:
    """Build a letter to `address`, dated `now`. `number` makes its Message-ID its own; it must be no number of a mail.

    Raises BadInput (field `email`) for an address that is not one plain address.
    """
    values = {"text": text, "shop": builder.shop}
    mail = QuotedMail(text.subject, html=quote(_load_html().render(values)), text=quote(_load_text().render(values)))
    to = Recipient(client_id, number, "", address)
    return build_envelope(mail, to, None, now, builder.sender, builder.links, builder.signer)


@cache
def _load_html() -> Template:
    laid_out = mrml.to_html((FOLDER / "letter.mjml").read_text("utf-8")).content
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(laid_out)


@cache
def _load_text() -> Template:
    plain = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 - plain text
    return plain.from_string((FOLDER / "letter.txt").read_text("utf-8"))
