"""Builds the bytes of a mail: headers, a text and an HTML part with the same content, and the signature over them.

Headers are written here and not by the email package, whose generators rewrap what was put in and cost more than all
the rest of a mail. Line breaks and encoded-words in them are refused on every Python, since several versions let them
through into the next header (CVE-2024-6923, CVE-2026-1299).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from typing import Final

from domain.addresses import normalise_address
from domain.consent import may_measure
from errors import BadInput, ConfigError
from mail.dkim import Signer
from mail.links import Links
from mail.render import QuotedMail, Shop, render_quoted
from models.base import CampaignSlug, ClientId, ItemId
from models.catalogue import Item
from models.clients import Client
from models.mail import Brief, EmailDraft
from models.states import TouchKind
from settings import Settings

_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REORDERING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of the text after them, so that a reader sees other words than the stored ones."""


def require_one_line(text: str, field: str) -> str:
    """Return `text` if it may become a header. Raises BadInput naming `field`."""
    plain = text.isascii() and text.isprintable()
    if not plain and any(unicodedata.category(c) in _REFUSED or c in _REORDERING for c in text):
        raise BadInput("holds a line break or another control character; give one line of plain text", field)
    if "=?" in text:
        raise BadInput("holds an encoded-word (=?…?=); give the plain words", field)
    return text


def encode_text(text: str, field: str) -> str:
    """Encode free text as a header's value; text beyond ASCII becomes encoded-words of the length that RFC 2047 allows.

    Raises:
        BadInput: names `field`.
    """
    safe = require_one_line(text, field)
    return safe if safe.isascii() else Header(safe, "utf-8", maxlinelen=64).encode(linesep="\r\n")


def format_mailbox(name: str, address: str) -> str:
    """Format `name <address>`; leave out a name that may not stand in a header, since the address alone is enough."""
    try:
        name = require_one_line(name, "name").strip()
    except BadInput:
        return address
    return formataddr((name, address)) if name.isascii() else f"{encode_text(name, 'name')} <{address}>"


def format_header(name: str, value: str) -> str:
    """Format one header, folded at spaces to lines of at most 78 characters where possible.

    A value that is already folded (encoded-words) stays as it is.
    """
    whole = f"{name}: {value}"
    if len(whole) <= 78 or "\r\n" in value:
        return whole
    return "\r\n".join(_fold(whole.split(" ")))


def _fold(parts: list[str]) -> Iterator[str]:
    """Yield lines that join to the same words with one space between them; never a line of white space alone."""
    row = parts[0]
    for part in parts[1:]:
        if len(row) + 1 + len(part) > 78 and row.strip(" ") and not row.endswith(":") and part:
            yield row
            row = f" {part}"
        else:
            row = f"{row} {part}"
    yield row


@dataclass(frozen=True)
class Envelope:
    """A mail ready to be sent, and to whom. Its personal parts stay out of its repr."""

    message_id: str
    return_path: str
    recipient: str = field(repr=False)
    message: bytes = field(repr=False)
    envelope_id: str = ""
    """By which a report of a server that knows DSN (RFC 3461) names this mail; no spaces, `+` or `=`."""


@dataclass(frozen=True)
class Sender:
    """Who our mail is from."""

    name: str
    address: str
    reply_to: str = ""
    feedback_name: str = ""
    """The last part of Feedback-ID, by which Gmail sums complaints up: 5 to 15 characters."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Sender:
        """Build it from settings.

        Raises:
            ConfigError: names SELVEDGE_MAIL_FROM, SELVEDGE_REPLY_TO, SELVEDGE_SHOP_NAME or _BOUNCE_DOMAIN.
        """
        address = _require_address("SELVEDGE_MAIL_FROM", settings.mail_from)
        reply_to = _require_address("SELVEDGE_REPLY_TO", settings.reply_to) if settings.reply_to else ""
        _require_address("SELVEDGE_BOUNCE_DOMAIN", f"b@{settings.bounce_domain}")
        try:
            name = require_one_line(settings.shop_name, "SELVEDGE_SHOP_NAME")
        except BadInput as wrong:
            raise ConfigError(str(wrong)) from None
        letters = "".join(c for c in address.rpartition("@")[2] if c.isalnum())
        return cls(name, address, reply_to, settings.feedback_sender or f"{letters:-<5}"[:15])


@dataclass(frozen=True)
class Recipient:
    """Whom one mail is for. A name that may not stand in a header is left out of it."""

    client_id: ClientId
    n: int
    name: str = field(repr=False)
    address: str = field(repr=False)
    campaign: CampaignSlug | None = None


def build_envelope(
    mail: QuotedMail,
    to: Recipient,
    kind: TouchKind | None,
    now: datetime,
    sender: Sender,
    links: Links,
    signer: Signer,
) -> Envelope:
    """Build the mail, dated `now` (business time, aware). The same input gives the same bytes. No `kind`: a letter that
    a client asked for, which belongs to no list.

    Raises:
        BadInput: field `email` for an address that is not one plain address, `subject` for one that may not become a
            header.
    """
    address = normalise_address(to.address)
    message_id = links.build_message_id(to.client_id, to.n)
    boundary = f"=_{message_id[1:].partition('@')[0]}"
    headers = [
        format_header("From", format_mailbox(sender.name, sender.address)),
        format_header("To", format_mailbox(to.name, address)),
        *([format_header("Reply-To", sender.reply_to)] if sender.reply_to else []),
        format_header("Subject", encode_text(mail.subject.strip(), "subject")),
        format_header("Date", format_datetime(now)),
        f"Message-ID: {message_id}",
        *([] if kind is None else _build_list_headers(to, kind, sender, links)),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    body = [
        *_build_part(boundary, "plain", mail.text),
        *_build_part(boundary, "html", mail.html),
        f"--{boundary}--\r\n".encode(),
    ]
    message = signer.sign("\r\n".join(headers).encode("ascii") + b"\r\n\r\n" + b"\r\n".join(body))
    envelope_id = message_id[1:].partition("@")[0]
    return Envelope(message_id, links.build_return_path(to.client_id, to.n), address, message, envelope_id)


def _build_list_headers(to: Recipient, kind: TouchKind, sender: Sender, links: Links) -> list[str]:
    """Build the name of the list and the ways to leave it without reading: one click (RFC 8058), and by mail for
    programs that know only that."""
    return [
        format_header("List-Id", format_mailbox(sender.name, f"clients.{links.mail_domain}")),
        f"List-Unsubscribe: <{links.build_unsubscribe_url(to.client_id, to.n)}>,\r\n"
        f" <mailto:{links.build_unsubscribe_address(to.client_id, to.n)}?subject=unsubscribe>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Feedback-ID: {to.campaign or kind.value}:{kind.value}:{sender.feedback_name}",
    ]


def _build_part(boundary: str, subtype: str, quoted: bytes) -> list[bytes]:
    """Build one part. The boundary cannot occur in it: quoted-printable never writes `=_`."""
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
    )
    return [head.encode(), quoted]


def _require_address(variable: str, address: str) -> str:
    try:
        return normalise_address(address)
    except BadInput as wrong:
        raise ConfigError(f"{variable}: {wrong}") from None


@dataclass(frozen=True)
class EnvelopeBuilder:
    """Turns an approved draft into an envelope for `mail.transport`."""

    sender: Sender
    shop: Shop
    links: Links
    signer: Signer
    measures_opens: bool = False
    hides_link: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> EnvelopeBuilder:
        """Build it from settings. Raises ConfigError with one line that names the variable to correct."""
        return cls(
            sender=Sender.from_settings(settings),
            shop=Shop.from_settings(settings),
            links=Links.from_settings(settings),
            signer=Signer.from_settings(settings),
            measures_opens=settings.open_pixel,
            hides_link=settings.hidden_link,
        )

    def build(
        self,
        client: Client,
        brief: Brief,
        draft: EmailDraft,
        items: Mapping[ItemId, Item],
        now: datetime,
        campaign: CampaignSlug | None = None,
    ) -> Envelope:
        """Build the mail of `draft` for `client`, dated `now` (business time). `items` holds each item that it names.

        Raises:
            BadInput: names the field (`email`, `subject`, `items`); nothing was sent then.
        """
        opens = self.measures_opens and may_measure(client.purposes)
        mail = render_quoted(draft, brief, items, self.links, self.shop, opens=opens, hidden=self.hides_link)
        to = Recipient(client.client_id, brief.n, client.first_name, client.email, campaign)
        return build_envelope(mail, to, brief.kind, now, self.sender, self.links, self.signer)
