"""Signs a mail so that receivers can verify that it is ours and unchanged (RFC 6376, rsa-sha256, relaxed/relaxed).

dkimpy would do it too, but computes RSA in Python, 20 times slower; the tests let it verify what is signed here.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from errors import BadInput
from mail import dkim_key
from mail.dkim_key import DkimKey
from settings import Settings

SIGNED: Final = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
"""Both List-Unsubscribe headers must be signed for one-click to count (RFC 8058). Each is signed once more than it
occurs: a second one put above it on the way, which many programs show, breaks the signature (RFC 6376, 8.15)."""

_SIGNED_LOWER: Final = tuple(map(str.lower, SIGNED))
_WHITE: Final = re.compile(rb"[ \t]+")


class Signer:
    """Signs with one key, or with one more for another domain."""

    def __init__(self, keys: Sequence[DkimKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> Signer:
        """Build it from settings. Raises ConfigError naming the setting to correct."""
        return cls(dkim_key.load_signing_keys(settings))

    def sign(self, message: bytes) -> bytes:
        """Sign `message` (lines end in CRLF): put the DKIM-Signatures on top. The same message gets the same ones."""
        head, separator, body = message.partition(b"\r\n\r\n")
        if not separator:
            raise BadInput("has no empty line between headers and body", "message")
        headers = _parse_headers(head)
        names = tuple(name for name in _SIGNED_LOWER for _ in range(1 + len(headers.get(name, ()))))
        covered = list(_select_headers(headers, names))
        digest = b64encode(hashlib.sha256(relax_body(body)).digest()).decode()
        return b"".join(_build_signature(key, names, covered, digest) for key in self._keys) + message


def _build_signature(key: DkimKey, names: tuple[str, ...], covered: list[bytes], digest: str) -> bytes:
    unsigned = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n"
        f"{_fold_names(names)};\r\n bh={digest};\r\n b="
    )
    hashed = b"\r\n".join([*covered, b"dkim-signature:" + _relax_value(unsigned.encode())])
    signature = b64encode(key.private.sign(hashed, PKCS1v15(), SHA256())).decode()
    rows = "\r\n ".join(signature[i : i + 72] for i in range(0, len(signature), 72))
    return f"DKIM-Signature: {unsigned}{rows}\r\n".encode()


@lru_cache(maxsize=16)
def _fold_names(names: tuple[str, ...]) -> str:
    """Write the list of signed headers in lines of at most 78 characters, which may break at its colons."""
    rows = [" h="]
    for k, name in enumerate(names):
        part = name if k == len(names) - 1 else f"{name}:"
        if len(rows[-1]) + len(part) > 77:
            rows.append(" ")
        rows[-1] += part
    return "\r\n".join(rows)


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


def _select_headers(headers: dict[str, list[bytes]], names: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the named headers in relaxed form, the last of several first; a missing one adds nothing (5.4.2)."""
    left = {name: list(values) for name, values in headers.items()}
    for name in names:
        if left.get(name):
            yield name.encode() + b":" + _relax_value(left[name].pop())


def _relax_value(value: bytes) -> bytes:
    return _WHITE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
