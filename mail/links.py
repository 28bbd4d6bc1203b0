"""Links and return paths that name a mail without naming anyone: signed, so that nobody can make up another's.

A token holds the client's id and the mail's number, no address. The Message-ID and the return path hold only a keyed
hash of both: a return path has room for 64 characters, less than a client id may have, and servers on the way may
change its case. A bounce is matched through the ledger, which keeps the Message-ID.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter, ValidationError

from errors import Forbidden
from models.base import ClientId, ItemId
from settings import Settings

_RETURN_PATH: Final = re.compile(r"b\+(?P<tag>[a-z2-7]{26})\.(?P<n>[1-9][0-9]{0,9})@(?P<domain>[a-z0-9.-]+)", re.ASCII)
LONGEST: Final = 400
"""Characters; the longest token that we make has some 250."""
_MAIL: Final = TypeAdapter(tuple[ClientId, int])
_GOAL: Final = TypeAdapter(tuple[ClientId, int, ItemId | None])


@dataclass(frozen=True)
class Goal:
    """Where a link in a mail leads: an item of the shop, or its front page (None)."""

    client_id: ClientId
    n: int
    item_id: ItemId | None


@dataclass(frozen=True)
class Links:
    """Makes and reads them. `shop_url` is the base of product pages."""

    signing_key: str = field(repr=False)
    base_url: str
    shop_url: str
    mail_domain: str
    bounce_domain: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Links:
        return cls(
            signing_key=settings.keys.signing,
            base_url=settings.base_url,
            shop_url=(settings.shop_url or f"{settings.base_url}/shop").rstrip("/"),
            mail_domain=settings.mail_from.rpartition("@")[2],
            bounce_domain=settings.bounce_domain.lower(),
        )

    def unsubscribe(self, client_id: ClientId, n: int) -> str:
        """The page where the client of this mail leaves, and the target of the one-click POST."""
        return f"{self.base_url}/u/{self._leaving.dumps((client_id, n))}"

    def read_unsubscribe(self, token: str) -> tuple[ClientId, int]:
        """Client and number of the mail. Raises Forbidden for a token that we did not make for this."""
        client_id, n = _opened(self._leaving, token, _MAIL)
        return client_id, n

    def go(self, client_id: ClientId, n: int, item_id: ItemId | None = None) -> str:
        """The link to an item, or without one to the shop, that tells us of the click."""
        return f"{self.base_url}/go/{self._going.dumps((client_id, n, item_id))}"

    def read_go(self, token: str) -> Goal:
        """Where a link leads. Raises Forbidden for a token that we did not make for this."""
        return Goal(*_opened(self._going, token, _GOAL))

    def product(self, item_id: ItemId | None) -> str:
        """The item's page in the shop: only ever `shop_url` and an item id, so that no link leads elsewhere."""
        return self.shop_url if item_id is None else f"{self.shop_url}/{item_id}"

    def picture(self, item_id: ItemId) -> str:
        return f"{self.base_url}/pictures/{item_id}.png"

    def message_id(self, client_id: ClientId, n: int) -> str:
        """The same for every attempt at one mail."""
        return f"<{self._tag(client_id, n)}.{n}@{self.mail_domain}>"

    def return_path(self, client_id: ClientId, n: int) -> str:
        """Where bounces of this one mail go (VERP)."""
        return f"b+{self._tag(client_id, n)}.{n}@{self.bounce_domain}"

    def parse_return_path(self, address: str) -> str:
        """The Message-ID of the mail that bounced, to be looked up in the ledger.

        Raises Forbidden when it is no return path of ours. A made-up one has a Message-ID that the ledger lacks.
        """
        found = _RETURN_PATH.fullmatch(address.strip().strip("<>").lower())
        if found is None or found["domain"] != self.bounce_domain:
            raise Forbidden("not a return path of ours")
        return f"<{found['tag']}.{found['n']}@{self.mail_domain}>"

    def _tag(self, client_id: ClientId, n: int) -> str:
        """130 bits of a keyed hash of the send key, in letters that survive a change of case."""
        digest = hmac.new(self.signing_key.encode(), f"mail {client_id}/{n}".encode(), hashlib.sha256).digest()
        return b32encode(digest).decode().lower()[:26]

    @cached_property
    def _leaving(self) -> URLSafeSerializer:
        return _signer(self.signing_key, "selvedge.unsubscribe")

    @cached_property
    def _going(self) -> URLSafeSerializer:
        return _signer(self.signing_key, "selvedge.go")


def _signer(key: str, purpose: str) -> URLSafeSerializer:
    """The purpose goes into the signature, so that a token for one page opens no other."""
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})


def _opened(signer: URLSafeSerializer, token: str, shape: TypeAdapter[Any]) -> Any:
    if len(token) > LONGEST:
        raise Forbidden("not a link of ours")
    try:
        return shape.validate_python(signer.loads(token))
    except (BadData, ValidationError, UnicodeError):
        raise Forbidden("not a link of ours") from None
