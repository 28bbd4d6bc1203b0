"""Signed links and return paths that identify a mail without naming anyone, so that nobody can forge another's.

A token holds the client's id and the mail's number, no address. The Message-ID and the return path hold only a keyed
hash of both: a return path has room for 64 characters, less than a client id may have, and servers on the way may
change its case. A bounce is matched through the ledger, which stores the Message-ID.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter, ValidationError

from errors import ConfigError, Forbidden, StaffLink
from mail.tokens import build_signer
from models.base import ClientId, ItemId
from settings import Settings

_RETURN_PATH: Final = re.compile(
    r"(?P<use>[bu])\+(?P<tag>[a-z2-7]{26})\.(?P<n>[1-9][0-9]{0,9})@(?P<domain>[a-z0-9.-]+)", re.ASCII
)
STAFF_N: Final = 0
"""The number of a mail to staff, who try out what clients get; those of clients begin at 1."""
LONGEST: Final = 400
"""Characters; our longest token has some 250."""
_MAIL: Final = TypeAdapter(tuple[ClientId, int])
_TARGET: Final = TypeAdapter(tuple[ClientId, int, ItemId | None] | tuple[ClientId, int, None, Literal["quiz"]])


class OwnPage(StrEnum):
    """A page of the client's own; its value begins the page's address. A token opens one kind of page."""

    QUIZ = "quiz"
    PREFERENCES = "preferences"
    VIEW = "m"
    SHOP = "shop"


class LetterKind(StrEnum):
    """What the link of a letter confirms."""

    ADDRESS = "address"
    DATA = "data"
    ERASURE = "erasure"


class LetterTarget(NamedTuple):
    """What a letter's link confirms, for whom, asked for when (epoch seconds of business time), sent to which mailbox
    (the beginning of its keyed hash)."""

    client_id: ClientId
    kind: LetterKind
    asked_at: int
    sent_to: str


_LETTER: Final = TypeAdapter(LetterTarget)


def require_reachable_links(settings: Settings) -> None:
    """Require that the links in real mail lead to us: an opt-out that leads nowhere is worse than no mail.

    Raises:
        ConfigError: names SELVEDGE_PUBLIC_URL.
    """
    if settings.has_real_mail and not settings.public_url.startswith("https://"):
        raise ConfigError(
            "SELVEDGE_PUBLIC_URL: mail goes out by SELVEDGE_SMTP_URL, and its links need an https address of the web"
            " process; for a server that only catches mail, set SELVEDGE_SMTP_DELIVERS=false"
        )


@dataclass(frozen=True)
class LinkTarget:
    """Where a link in a mail leads: an item of the shop, its front page (None), or the quiz."""

    client_id: ClientId
    n: int
    item_id: ItemId | None
    page: Literal["", "quiz"] = ""


@dataclass(frozen=True)
class UtmTags:
    """What links to the shop tell its statistics, by the names of UTM. No source: nothing."""

    source: str = ""
    medium: str = ""
    campaign: str = ""

    def tag(self, address: str, campaign: str) -> str:
        """Add the parameters that an address does not state itself. `campaign`: where the settings name none."""
        if not self.source:
            return address
        parts = urlsplit(address)
        stated = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        tags = {"utm_source": self.source, "utm_medium": self.medium, "utm_campaign": self.campaign or campaign}
        more = urlencode({name: value for name, value in tags.items() if value and name not in stated})
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))


@dataclass(frozen=True)
class Links:
    """Builds and reads links. `shop_url` is the base of product pages."""

    signing_key: str = field(repr=False)
    base_url: str
    shop_url: str
    mail_domain: str
    bounce_domain: str
    quiz_url: str = ""
    utm: UtmTags = UtmTags()
    drawn_pictures: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> Links:
        return cls(
            signing_key=settings.keys.signing,
            base_url=settings.base_url,
            shop_url=(settings.shop_url or f"{settings.base_url}/shop").rstrip("/"),
            mail_domain=settings.mail_from.rpartition("@")[2],
            bounce_domain=settings.bounce_domain.lower(),
            quiz_url=settings.quiz_url,
            utm=UtmTags(settings.utm_source, settings.utm_medium, settings.utm_campaign),
            drawn_pictures=settings.drawn_pictures,
        )

    def build_unsubscribe_url(self, client_id: ClientId, n: int) -> str:
        """Build the address of the unsubscribe page of this mail, which also takes the one-click POST."""
        return f"{self.base_url}/u/{self._unsubscribe_signer.dumps((client_id, n))}"

    def read_unsubscribe(self, token: str) -> tuple[ClientId, int]:
        """Return client and number of the mail. Raises Forbidden: we did not make the token for this; StaffLink."""
        return _open_client_token(self._unsubscribe_signer, token)

    def build_page_url(self, page: OwnPage, client_id: ClientId, n: int) -> str:
        """Build the address of a page of the client's own, as mail `n` links to it."""
        token = self._page_signers[page].dumps((client_id, n))
        return f"{self.base_url}/{page}{'?of=' if page is OwnPage.SHOP else '/'}{token}"

    def read_page(self, page: OwnPage, token: str) -> tuple[ClientId, int]:
        """Return client and number of the mail. Raises as `read_unsubscribe`."""
        return _open_client_token(self._page_signers[page], token)

    def build_confirm_url(self, target: LetterTarget) -> str:
        """Build the address at which a client confirms what they asked for."""
        return f"{self.base_url}/confirm/{build_signer(self.signing_key, 'selvedge.confirm').dumps(tuple(target))}"

    def read_confirm(self, token: str) -> LetterTarget:
        """Return what a letter's link confirms. Raises Forbidden for a token that we did not make for this."""
        target: LetterTarget = _open_token(build_signer(self.signing_key, "selvedge.confirm"), token, _LETTER)
        return target

    def build_click_url(self, client_id: ClientId, n: int, item_id: ItemId | None = None) -> str:
        """Build the link to an item, or without one to the shop, that records the click."""
        return f"{self.base_url}/go/{self._click_signer.dumps((client_id, n, item_id))}"

    def build_quiz_click_url(self, client_id: ClientId, n: int) -> str:
        """Build the link to the quiz that records the click."""
        return f"{self.base_url}/go/{self._click_signer.dumps((client_id, n, None, 'quiz'))}"

    def read_click(self, token: str) -> LinkTarget:
        """Return where a link leads. Raises Forbidden for a token that we did not make for this."""
        return LinkTarget(*_open_token(self._click_signer, token, _TARGET))

    def build_target_url(self, target: LinkTarget, own_url: str = "", campaign: str = "") -> str:
        """Build the address to which a click leads: only what settings and the catalogue (`own_url`, the item's page)
        name, so that no link leads elsewhere. Our own shop shows the selection of the mail; pages of ours get no UTM
        parameters."""
        if target.page:
            return self.quiz_url or self.build_page_url(OwnPage.QUIZ, target.client_id, target.n)
        ours = f"{self.base_url}/"
        if target.item_id is None and self.shop_url == f"{ours}shop":
            return self.build_page_url(OwnPage.SHOP, target.client_id, target.n)
        address = self.shop_url if target.item_id is None else own_url or f"{self.shop_url}/{target.item_id}"
        return address if address.startswith(ours) else self.utm.tag(address, campaign)

    def build_hidden_url(self, client_id: ClientId, n: int) -> str:
        """Build the link that people do not see: whoever follows it reads mails with a machine."""
        return f"{self.base_url}/go/{self._hidden_signer.dumps((client_id, n))}"

    def read_hidden(self, token: str) -> LinkTarget:
        """Return which mail's hidden link it is. Raises Forbidden for a token that we did not make for this."""
        client_id, n = _open_token(self._hidden_signer, token, _MAIL)
        return LinkTarget(client_id, n, None)

    def build_open_url(self, client_id: ClientId, n: int) -> str:
        """Build the address of the picture that tells when this mail is opened."""
        return f"{self.base_url}/o/{self._open_signer.dumps((client_id, n))}.gif"

    def read_open(self, token: str) -> LinkTarget:
        """Return which mail was opened. Raises Forbidden for a token that we did not make for this."""
        client_id, n = _open_token(self._open_signer, token, _MAIL)
        return LinkTarget(client_id, n, None)

    def build_picture_url(self, item_id: ItemId, digest: str = "", *, expected: bool = False) -> str:
        """Build the address of an item's picture; empty where it has none. `expected`: it is not fetched yet, but will
        be shown under this address."""
        if digest:
            return f"{self.base_url}/pictures/shop/{digest}.jpg"
        return f"{self.base_url}/pictures/{item_id}.png" if expected or self.drawn_pictures else ""

    def build_message_id(self, client_id: ClientId, n: int) -> str:
        """Build the Message-ID, the same for every attempt at one mail."""
        return f"<{self._compute_tag(client_id, n)}.{n}@{self.mail_domain}>"

    def build_return_path(self, client_id: ClientId, n: int) -> str:
        """Build the address to which bounces of this one mail go (VERP)."""
        return f"b+{self._compute_tag(client_id, n)}.{n}@{self.bounce_domain}"

    def parse_return_path(self, address: str) -> str:
        """Return the Message-ID of the mail that bounced, to be looked up in the ledger.

        Raises:
            Forbidden: not a return path of ours. A forged one has a Message-ID that the ledger lacks.
        """
        return self._parse_address(address, "b")

    def parse_unsubscribe_address(self, address: str) -> str:
        """Return the Message-ID of the mail whose reader unsubscribes. Raises Forbidden: no such address of ours."""
        return self._parse_address(address, "u")

    def _parse_address(self, address: str, use: str) -> str:
        match = _RETURN_PATH.fullmatch(address.strip().strip("<>").lower())
        if match is None or match["domain"] != self.bounce_domain or match["use"] != use:
            raise Forbidden("not a return path of ours")
        return f"<{match['tag']}.{match['n']}@{self.mail_domain}>"

    def build_unsubscribe_address(self, client_id: ClientId, n: int) -> str:
        """Build the address to which a mail unsubscribes whoever got this one."""
        return f"u+{self._compute_tag(client_id, n)}.{n}@{self.bounce_domain}"

    def _compute_tag(self, client_id: ClientId, n: int) -> str:
        """Compute 130 bits of a keyed hash of the mail's key, in letters that survive a change of case."""
        digest = hmac.digest(self.signing_key.encode(), f"mail {client_id}/{n}".encode(), "sha256")
        return b32encode(digest).decode().lower()[:26]

    @cached_property
    def _unsubscribe_signer(self) -> URLSafeSerializer:
        return build_signer(self.signing_key, "selvedge.unsubscribe")

    @cached_property
    def _page_signers(self) -> Mapping[OwnPage, URLSafeSerializer]:
        return {page: build_signer(self.signing_key, f"selvedge.page.{page}") for page in OwnPage}

    @cached_property
    def _click_signer(self) -> URLSafeSerializer:
        return build_signer(self.signing_key, "selvedge.go")

    @cached_property
    def _hidden_signer(self) -> URLSafeSerializer:
        return build_signer(self.signing_key, "selvedge.hidden")

    @cached_property
    def _open_signer(self) -> URLSafeSerializer:
        return build_signer(self.signing_key, "selvedge.open")


def _open_client_token(signer: URLSafeSerializer, token: str) -> tuple[ClientId, int]:
    client_id, n = _open_token(signer, token, _MAIL)
    if n == STAFF_N:
        raise StaffLink("this link belongs to a mail to staff")
    return client_id, n


def _open_token(signer: URLSafeSerializer, token: str, shape: TypeAdapter[Any]) -> Any:
    if len(token) > LONGEST:
        raise Forbidden("not a link of ours")
    try:
        return shape.validate_python(signer.loads(token))
    except (BadData, ValidationError, UnicodeError):
        raise Forbidden("not a link of ours") from None
