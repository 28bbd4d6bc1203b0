"""Signs a mail so that receivers can verify that it is ours and unchanged (RFC 6376, rsa-sha256, relaxed/relaxed).

dkimpy would do it too, but computes RSA in Python, 20 times slower; the tests let it verify what is signed here.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from errors import BadInput, ConfigError
from mail import dkim_key
from settings import Settings

SIGNED: Final = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
)
"""Both List-Unsubscribe headers must be signed for one-click to count (RFC 8058). Those that are absent are signed as
absent, and From once more, so that nobody can add one on the way."""

_WHITE: Final = re.compile(rb"[ \t]+")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SELECTOR: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Signer:
    """Signs for one domain with one key."""

    def __init__(self, key: RSAPrivateKey, domain: str, selector: str) -> None:
        if not _DOMAIN.fullmatch(domain):
            raise ConfigError(f"SELVEDGE_DKIM_DOMAIN: {domain} is not a domain")
        if not _SELECTOR.fullmatch(selector):
            raise ConfigError(f"SELVEDGE_DKIM_SELECTOR: {selector} is not a selector")
        self._key, self._domain, self._selector = key, domain, selector

    @classmethod
    def from_settings(cls, settings: Settings) -> Signer:
        domain = settings.dkim_domain or settings.mail_from.rpartition("@")[2]
        return cls(dkim_key.load_key(settings), domain, settings.dkim_selector)

    def sign(self, message: bytes) -> bytes:
        """Sign `message` (lines end in CRLF): put a DKIM-Signature on top. The same message gets the same signature."""
        head, separator, body = message.partition(b"\r\n\r\n")
        if not separator:
            raise BadInput("has no empty line between headers and body", "message")
        names = [*(name.lower() for name in SIGNED), "from"]
        unsigned = (
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={self._domain}; s={self._selector};\r\n"
            f" h={':'.join(names)};\r\n bh={b64encode(hashlib.sha256(relax_body(body)).digest()).decode()};\r\n b="
        )
        covered = [*_select_headers(_parse_headers(head), names), b"dkim-signature:" + _relax_value(unsigned.encode())]
        signature = b64encode(self._key.sign(b"\r\n".join(covered), PKCS1v15(), SHA256())).decode()
        rows = "\r\n ".join(signature[i : i + 72] for i in range(0, len(signature), 72))
        return f"DKIM-Signature: {unsigned}{rows}\r\n".encode() + message


def relax_body(body: bytes) -> bytes:
    """Return the body as receivers hash it: spaces reduced, none at a line's end, no empty lines at the end (3.4.4)."""
    shrunk = body.replace(b"\t", b" ")
    while b"  " in shrunk:  # several times faster than a regular expression on 30 KB
        shrunk = shrunk.replace(b"  ", b" ")
    shrunk = shrunk.replace(b" \r\n", b"\r\n").rstrip(b" \r\n")
    return shrunk + b"\r\n" if shrunk else b""


def _parse_headers(head: bytes) -> dict[str, list[bytes]]:
    """Parse headers into values by lower-case name, in order of appearance, with folds undone."""
    values: dict[str, list[bytes]] = {}
    for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        values.setdefault(name.decode("ascii").strip().lower(), []).append(value)
    return values


def _select_headers(headers: dict[str, list[bytes]], names: list[str]) -> Iterator[bytes]:
    """Yield the named headers in relaxed form, the last of several first; a missing one adds nothing (5.4.2)."""
    left = {name: list(values) for name, values in headers.items()}
    for name in names:
        if left.get(name):
            yield name.encode() + b":" + _relax_value(left[name].pop())


def _relax_value(value: bytes) -> bytes:
    return _WHITE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
